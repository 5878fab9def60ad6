"""Content of customer e-mails, from order, parcel and return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from doorstep.domain.orders import views as order_views
from doorstep.domain.returns import views as return_views
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.flows.context import event_int
from doorstep.kernel import localized, money
from doorstep.kernel.db import ReadTx
from doorstep.kernel.jobs import Delivery


@dataclass(frozen=True, slots=True)
class MailContent:
    """The values of a template; `event_key` makes the e-mail unique per event."""

    event_key: str
    values: Mapping[str, object]


Writer = Callable[[ReadTx, order_views.Order, Delivery], MailContent | None]


def _lines(order: order_views.Order, units: Sequence[tuple[int, int]]) -> list[dict[str, object]]:
    return [{"title": order.line(line_no).title, "quantity": quantity} for line_no, quantity in units]


def _order_confirmed(_tx: ReadTx, order: order_views.Order, _delivery: Delivery) -> MailContent | None:
    is_canceled = order.header.canceled_at is not None
    if is_canceled or order.header.currency not in money.CURRENCIES or not order.lines:
        return None
    units = [(line.line_no, line.quantity) for line in order.lines]
    total = localized.money(money.Money(order.header.total_minor, order.header.currency))
    return MailContent("placed", {"lines": _lines(order, units), "total": total})


def _of_parcel(tx: ReadTx, order: order_views.Order, delivery: Delivery) -> MailContent | None:
    shipment = parcels.shipment(tx, shipment_id=event_int(delivery, "shipment_id"))
    if shipment.direction is not Direction.OUTBOUND:
        return None
    values = {
        "lines": _lines(order, [(line.line_no, line.quantity) for line in shipment.lines]),
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "tracking_url": shipment.tracking_url,
        "more_to_come": any(line.shipped < line.quantity - line.canceled for line in order.lines),
    }
    return MailContent(shipment.reference, values)


def _return_created(tx: ReadTx, order: order_views.Order, delivery: Delivery) -> MailContent | None:
    each = return_views.one(tx, return_id=event_int(delivery, "return_id"))
    units = [(line.line_no, line.quantity) for line in each.lines]
    return MailContent(f"return-{each.id}", {"lines": _lines(order, units), "return_number": each.number})


def _refunded(_tx: ReadTx, _order: order_views.Order, delivery: Delivery) -> MailContent | None:
    amount = localized.money(money.Money(event_int(delivery, "amount_minor"), str(delivery.data["currency"])))
    return MailContent(f"refund-{event_int(delivery, 'refund_id')}", {"lines": [], "amount": amount})


WRITERS: dict[str, Writer] = {
    "order_confirmed": _order_confirmed,
    "shipped": _of_parcel,
    "delivered": _of_parcel,
    "return_created": _return_created,
    "refunded": _refunded,
}
