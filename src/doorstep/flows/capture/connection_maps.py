"""Map what a vendor calls something of ours, to something that exists; then what waited for it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doorstep.domain.catalog import views as catalog
from doorstep.domain.connections.actions import maps
from doorstep.domain.connections.model import Connection, Kind
from doorstep.domain.connections.model.maps import KINDS, MapKind
from doorstep.domain.connections.views import maps as views
from doorstep.domain.connections.views.maps import Unmapped
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.shipping.model import TrackingStatus
from doorstep.flows.allocation import stock_locks
from doorstep.flows.context import Context, event_int
from doorstep.flows.network import lanes
from doorstep.flows.shipping import tracking
from doorstep.kernel import errors, jobs
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku
from doorstep.kernel.jobs import Delivery

_AT_ONCE = 100


def our_values(context: Context, tx: ReadTx, *, kind: MapKind) -> list[str] | None:
    """What a vendor's name can stand for; None where anything can be entered."""
    match kind:
        case MapKind.GATEWAY:
            return sorted({each.connector_id for each in context.partners.of_kind(Kind.PAYMENTS)})
        case MapKind.LOCATION:
            return sorted(each.code for each in network.locations(tx).values())
        case MapKind.METHOD:
            return lanes.configuration(tx, at=context.clock.now()).compiled.lane_table.services
        case MapKind.STATUS:
            return [each.value for each in TrackingStatus if each is not TrackingStatus.UNKNOWN]
        case _:
            return None


def set_map(
    context: Context,
    tx: WriteTx,
    *,
    connection: Connection,
    kind: MapKind,
    external_value: str,
    our_value: str,
) -> None:
    """Map a name, or replace its map. Raises Invalid for something of ours that does not exist.

    What waits for it goes on: held orders get their SKU and are checked again, parcels get their status.
    """
    _require(context, tx, connection, kind, our_value.strip())
    outgoing = kind in maps.OUTGOING
    source, target = (our_value, external_value) if outgoing else (external_value, our_value)
    maps.set_map(
        tx,
        connection_id=connection.id,
        kind=kind,
        source=source.strip() if outgoing else source,
        target=target.strip(),
        at=context.clock.now(),
    )


def _require(context: Context, tx: ReadTx, connection: Connection, kind: MapKind, our_value: str) -> None:
    if kind not in KINDS.get(connection.kind, ()):
        raise errors.Invalid(f"{connection.key} has no map of this kind: {kind.value}.", field="kind")
    ours = our_values(context, tx, kind=kind)
    if ours is not None and our_value not in ours:
        raise errors.Invalid(
            f"There is no {_WORDS[kind]} {our_value!r}: use one of {', '.join(ours) or 'none yet'}.",
            field="our_value",
        )
    if kind is MapKind.LOCATION and connection.kind is Kind.WAREHOUSES:
        _require_free(tx, connection, our_value)
    if kind is MapKind.SKU and our_value not in catalog.known(tx, skus=[our_value]):
        raise errors.Invalid(f"The catalog does not have {our_value!r}.", field="our_value")


def _require_free(tx: ReadTx, connection: Connection, location: str) -> None:
    """A location is served by one warehouse."""
    served = views.served_locations(tx).get(location)
    if served is not None and served.connection_id != connection.id:
        raise errors.Conflict(
            f"The warehouse {served.name} serves {location} already: remove its map first.", field="our_value"
        )


_WORDS = {
    MapKind.GATEWAY: "connected payment gateway",
    MapKind.LOCATION: "location",
    MapKind.METHOD: "service",
    MapKind.STATUS: "parcel status",
}


def remove_map(
    tx: WriteTx, *, connection: Connection, kind: MapKind, external_value: str, our_value: str
) -> None:
    """Remove a map. `our_value` names it where our name goes out."""
    source = our_value if kind in maps.OUTGOING else external_value
    maps.remove_map(tx, connection_id=connection.id, kind=kind, source=source)


def apply(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Let what waited for a map go on, some at a time: the event is repeated while there is more."""
    now = context.clock.now()
    for each in deliveries:
        kind, connection_id = MapKind(str(each.data["kind"])), event_int(each, "connection_id")
        source, target = str(each.data["source"]), str(each.data["target"])
        count = 0
        if kind is MapKind.SKU:
            count = orders.correct_sku(
                tx, connection_id=connection_id, wrong=source, sku=Sku(target), limit=_AT_ONCE, now=now
            )
        if kind is MapKind.STATUS:
            count = _understand(tx, connection_id, source, TrackingStatus(target))
        if kind is MapKind.TAX:
            jobs.redrive_calls(tx, subscriber="billing.post_document", connection_id=connection_id)
        if count == _AT_ONCE:
            maps.repeat(tx, connection_id=connection_id, kind=kind, source=source, target=target, at=now)


def _understand(tx: WriteTx, connection_id: int, raw_code: str, status: TrackingStatus) -> int:
    contents = tracking.not_understood(tx, connection_id=connection_id, raw_code=raw_code, limit=_AT_ONCE)
    order_ids = sorted({each.order_id for parcel in contents for each in parcel})
    orders.lock_all(tx, order_ids=order_ids)
    stock_locks.of_orders(tx, order_ids=order_ids)
    tracking.understand(tx, contents=contents, raw_code=raw_code, status=status)
    return len(contents)


def suggestions(tx: ReadTx, *, unmapped: Sequence[Unmapped]) -> Mapping[str, str]:
    """The SKUs that products which nobody has mapped most likely are: by barcode, or but for upper and lower case."""
    names = [each.source for each in unmapped if each.kind == MapKind.SKU]
    return catalog.alike(tx, names=names) if names else {}


def kinds(connection: Connection) -> Sequence[MapKind]:
    """What can be mapped for a connection."""
    return KINDS.get(connection.kind, ())
