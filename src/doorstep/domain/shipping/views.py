"""Read parcels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doorstep.domain.shipping.model import Scan
from doorstep.domain.shipping.store import labels, tracking
from doorstep.domain.shipping.store import parcels as store
from doorstep.domain.shipping.store.parcels import Shipment, ShipmentLine
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["Shipment", "ShipmentLine"]


def shipment(tx: ReadTx, *, shipment_id: int) -> Shipment:
    """One shipment; raises NotFound."""
    found = store.select_shipment(tx, shipment_id=shipment_id)
    if found is None:
        raise errors.NotFound(f"There is no shipment {shipment_id}.")
    return found


def shipments(tx: ReadTx, *, shipment_ids: Iterable[int]) -> dict[int, Shipment]:
    """These shipments by id."""
    wanted = sorted(set(shipment_ids))
    return {each.id: each for each in store.select_shipments(tx, shipment_ids=wanted)} if wanted else {}


def of_work(tx: ReadTx, *, fulfillment_order_id: int) -> list[Shipment]:
    """The parcels of a fulfillment order: none before it is packed, several if it is packed so."""
    return store.select_of_work(tx, fulfillment_order_id=fulfillment_order_id)


def of_order(tx: ReadTx, *, order_id: int) -> list[Shipment]:
    """All shipments of an order, both ways."""
    return store.select_of_order(tx, order_id=order_id)


def in_parcel(tx: ReadTx, *, parcel_id: int) -> list[Shipment]:
    """Everything in a parcel; the label has the reference of the first."""
    return store.select_in_parcel(tx, parcel_id=parcel_id)


def tracked(tx: ReadTx, *, connection_id: int, tracking_number: str, external_id: str) -> list[Shipment]:
    """What is in the parcel that a carrier refers to; empty if we have no such parcel."""
    found = store.find_tracked(
        tx, connection_id=connection_id, tracking_number=tracking_number, external_id=external_id
    )
    return store.select_in_parcel(tx, parcel_id=found[0]) if found else []


def scans(tx: ReadTx, *, parcel_id: int) -> list[Scan]:
    """All scans of a parcel."""
    return tracking.select_events(tx, parcel_id=parcel_id)


def with_unknown_scans(tx: ReadTx, *, connection_id: int, raw_code: str, limit: int) -> list[int]:
    """Parcels of a carrier with scans of this code that nobody has understood yet."""
    return tracking.find_unknown(tx, connection_id=connection_id, raw_code=raw_code, limit=limit)


def label(tx: ReadTx, *, shipment_id: int) -> bytes:
    """The label's PDF; raises NotFound while there is none."""
    found = labels.select_pdf(tx, shipment_id=shipment_id)
    if not found:
        raise errors.NotFound("There is no label yet.")
    return found[0]


def label_costs(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[int, int]:
    """What the labels of these orders cost in minor units, of those where that is known of every parcel."""
    return {each.order_id: each.cost_minor for each in labels.select_costs(tx, order_ids=order_ids)}
