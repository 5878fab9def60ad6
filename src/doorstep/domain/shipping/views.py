"""Read parcels."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.shipping import store
from doorstep.domain.shipping.model import Scan
from doorstep.domain.shipping.store import Shipment, ShipmentLine
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["Shipment", "ShipmentLine"]


def shipment(tx: ReadTx, *, shipment_id: int) -> Shipment:
    """One parcel; raises NotFound."""
    found = store.select_shipment(tx, shipment_id=shipment_id)
    if found is None:
        raise errors.NotFound(f"There is no shipment {shipment_id}.")
    return found


def of_work(tx: ReadTx, *, fulfillment_order_id: int) -> Shipment | None:
    """The active parcel of a fulfillment order."""
    return store.select_of_work(tx, fulfillment_order_id=fulfillment_order_id)


def of_order(tx: ReadTx, *, order_id: int) -> list[Shipment]:
    """All parcels of an order."""
    return store.select_of_order(tx, order_id=order_id)


def tracked(tx: ReadTx, *, connection_id: int, tracking_number: str, external_id: str) -> Shipment | None:
    """The parcel that a carrier refers to."""
    return store.find_tracked(
        tx, connection_id=connection_id, tracking_number=tracking_number, external_id=external_id
    )


def consolidated(tx: ReadTx, *, shipment_id: int) -> list[Shipment]:
    """Units of other orders in a parcel under its label."""
    return store.select_consolidated(tx, shipment_id=shipment_id)


def scans(tx: ReadTx, *, shipment_id: int) -> list[Scan]:
    """All scans of a parcel."""
    return store.select_scans(tx, shipment_id=shipment_id)


def label(tx: ReadTx, *, shipment_id: int) -> bytes:
    """The label's PDF; raises NotFound while there is none."""
    found = store.select_label(tx, shipment_id=shipment_id)
    if not found:
        raise errors.NotFound("There is no label yet.")
    return found[0]


def label_costs(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[int, int]:
    """What the labels of these orders cost in minor units, of those where that is known of every box."""
    return {each.order_id: each.cost_minor for each in store.select_label_costs(tx, order_ids=order_ids)}
