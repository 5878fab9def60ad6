"""Gather order, earlier returns and findings for the refund rule in payments.model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from doorstep.domain.orders import views as order_views
from doorstep.domain.payments.model import PaidLine, Units, owed
from doorstep.domain.returns import views as return_views
from doorstep.domain.returns.model import Inspection, check_inspections
from doorstep.domain.returns.views import Return
from doorstep.kernel.db import ReadTx
from doorstep.kernel.money import Money


def paid_line(order: order_views.Order, line_no: int) -> PaidLine:
    """What the customer paid for an order line."""
    return PaidLine(line_no, order.line(line_no).quantity, order.paid_minor(line_no))


def of_return(tx: ReadTx, each: Return, order: order_views.Order) -> dict[int, tuple[int, int]]:
    """Units and minor units owed per order line of an inspected return; earlier inspected returns come first."""
    returned = [Units(line.line_no, line.received) for line in each.lines if line.refund and line.received]
    result: dict[int, tuple[int, int]] = {}
    for part, amount in zip(returned, _owed(tx, order, returned, before=each), strict=True):
        quantity, minor = result.get(part.line_no, (0, 0))
        result[part.line_no] = (quantity + part.quantity, minor + amount)
    return result


def preview(tx: ReadTx, *, each: Return, inspections: Sequence[Inspection]) -> dict[int, Money]:
    """What refunding these findings would give back per return line, if they were recorded now."""
    check_inspections(each.quantities, inspections)
    order = order_views.order(tx, order_id=each.order_id)
    line_nos = {line.return_line_no: line.line_no for line in each.lines}
    found = [inspection for inspection in inspections if inspection.refund]
    returned = [Units(line_nos[inspection.return_line_no], inspection.quantity) for inspection in found]
    amounts = _owed(tx, order, returned, before=None)
    result = {event_int: Money(0, order.header.currency) for event_int in line_nos}
    for inspection, amount in zip(found, amounts, strict=True):
        result[inspection.return_line_no] = Money(amount, order.header.currency)
    return result


def refunded_before(tx: ReadTx, each: Return, order: order_views.Order) -> Counter[int]:
    """Refunded units per order line of the returns that were inspected before this one."""
    found = Counter[int]()
    for units in _refunded(tx, order, before=each):
        found[units.line_no] += units.quantity
    return found


def _refunded(tx: ReadTx, order: order_views.Order, *, before: Return | None) -> list[Units]:
    """What was refunded of returns inspected before `before` (None: before now)."""
    return [
        Units(line.line_no, line.received)
        for other in return_views.of_order(tx, order_id=order.header.id)
        if other.inspected_at is not None and (before is None or other.is_inspected_before(before))
        for line in other.lines
        if line.refund
    ]


def _owed(
    tx: ReadTx, order: order_views.Order, returned: Sequence[Units], *, before: Return | None
) -> list[int]:
    """Minor units for each of `returned`, after what was refunded earlier."""
    refunded = _refunded(tx, order, before=before)
    line_nos = {each.line_no for each in (*refunded, *returned)}
    lines = [paid_line(order, line_no) for line_no in line_nos]
    return owed(lines, refunded=refunded, returned=returned)
