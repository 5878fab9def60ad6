"""Open a return reported by a channel, on the lines and at the location that shipped them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import LineCount
from doorstep.domain.returns import actions as returns
from doorstep.domain.returns.actions import Fresh, FreshLine
from doorstep.domain.returns.model import ReturnRequestStatus, ReturnSnapshot, SnapshotReturnLine
from doorstep.domain.shipping import views as parcels
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, OrderId

_ENDED = frozenset({ReturnRequestStatus.CANCELED, ReturnRequestStatus.DECLINED})


class UnknownOrder(errors.Unavailable):
    """A reported return belongs to an order that we do not have yet."""


def record_reported(
    context: Context, tx: WriteTx, *, connection_id: int, seen: ReturnSnapshot, trace_id: str
) -> None:
    """Open a reported return once; newer snapshots update it, older ones have no effect."""
    found = order_views.with_external_id(tx, external_id=seen.order_external_id, connection_id=connection_id)
    if not found:
        raise UnknownOrder(f"We have no order {seen.order_external_id} of this channel.")
    (order_id,) = found
    orders.lock(tx, order_id=order_id)
    tx.traces["order", order_id] = trace_id
    if (
        returns.record_snapshot(tx, connection_id=connection_id, seen=seen) is not None
        or seen.status in _ENDED
    ):
        return
    order = order_views.order(tx, order_id=order_id)
    lines = tuple(_match(order, line) for line in seen.lines)
    _check_quantities(order, lines)
    fresh = Fresh(
        order_id=order_id,
        connection_id=connection_id,
        location_id=_home(tx, order_id, lines),
        reason="; ".join(dict.fromkeys(line.note or line.reason for line in lines)),
        seen=seen,
        lines=lines,
    )
    if returns.create(tx, fresh=fresh, at=context.clock.now()) is not None:
        counts = [LineCount(order_id, line.line_no, line.quantity) for line in lines]
        orders.count(tx, counters=["return_requested"], counts=counts)


def _check_quantities(order: order_views.Order, lines: Sequence[FreshLine]) -> None:
    """Refuse units that the order never had; units that have not shipped yet are counted later, when the message is retried."""
    asked: Counter[int] = Counter()
    for line in lines:
        asked[line.line_no] += line.quantity
    for line_no, quantity in asked.items():
        ordered = order.line(line_no)
        left = ordered.quantity - ordered.canceled - ordered.return_requested
        if quantity > left:
            raise errors.Invalid(
                f"The return has {quantity} of {ordered.sku}, and {left} can still be returned: {ordered.quantity} ordered, "
                f"{ordered.canceled} canceled, {ordered.return_requested} in other returns.",
                field="quantity",
            )


def _match(order: order_views.Order, line: SnapshotReturnLine) -> FreshLine:
    if line.quantity < 1:
        raise errors.Invalid("Enter a quantity of at least 1 for every line.", field="quantity")
    for ordered in order.lines:
        if ordered.external_line_id == line.external_line_id:
            return FreshLine(
                ordered.line_no,
                line.external_return_line_id,
                ordered.sku,
                line.quantity,
                line.reason,
                line.note,
            )
    raise errors.Invalid(
        f"Order {order.header.number} has no line {line.external_line_id}.", field="line_item_id"
    )


def _home(tx: ReadTx, order_id: OrderId, lines: Sequence[FreshLine]) -> LocationId | None:
    """Goods return to the location that shipped them."""
    wanted = {line.line_no for line in lines}
    for shipment in parcels.of_order(tx, order_id=order_id):
        if shipment.dispatched_at is not None and wanted & {line.line_no for line in shipment.lines}:
            return shipment.location_id
    return None
