"""Send order updates to the sales channel; each is stored first and recorded once."""

from __future__ import annotations

from collections.abc import Callable

from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import ChannelUpdate
from doorstep.domain.orders.ports import (
    DeliveryNotice,
    NoticeLine,
    ReturnNotice,
    SalesChannel,
    ShipmentNotice,
)
from doorstep.domain.payments import views as money_views
from doorstep.domain.returns import views as return_views
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.flows.context import Context, Record, event_int, no_record
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId, ShipmentId
from doorstep.kernel.jobs import Delivery


def _update(
    context: Context, delivery: Delivery, what: str, reference: str, call: Callable[[SalesChannel], str]
) -> Record:
    """Store the intent, make the call outside any transaction, and return what to record."""
    order_id = OrderId(delivery.key)
    with context.db.write(actor="system", trace_id=delivery.trace_id) as tx:
        header = order_views.order(tx, order_id=order_id).header
        done = orders.intend_channel_update(
            tx, order_id=order_id, connection_id=header.connection_id, what=what, reference=reference
        )
    if done:
        return no_record
    answer = call(context.partners.channel(header.connection_id))

    def record(tx: WriteTx) -> None:
        now = context.clock.now()
        orders.lock(tx, order_id=order_id)
        update = ChannelUpdate(header.connection_id, what, reference, answer, now)
        orders.record_channel_update(tx, order_id=order_id, channel=header.channel, update=update)
        if what == "shipped":
            shipment_id = ShipmentId(event_int(delivery, "shipment_id"))
            shipping.named_by_channel(tx, shipment_id=shipment_id, channel_ref=answer)

    return record


def confirm_shipment(context: Context, delivery: Delivery) -> Record:
    """Confirm a shipment with its tracking number."""
    with context.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=event_int(delivery, "shipment_id"))
        order = order_views.order(tx, order_id=shipment.order_id)
    if shipment.direction is not Direction.OUTBOUND:
        return no_record
    notice = ShipmentNotice(
        reference=shipment.reference,
        order_external_id=order.header.external_id,
        lines=tuple(
            NoticeLine(order.line(each.line_no).external_line_id, each.quantity) for each in shipment.lines
        ),
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        tracking_url=shipment.tracking_url,
    )
    return _update(
        context, delivery, "shipped", shipment.reference, lambda channel: channel.confirm_shipment(notice)
    )


class ShipmentNotConfirmed(errors.Unavailable):
    """A delivery is reported only after its shipment is confirmed."""


def report_delivery(context: Context, delivery: Delivery) -> Record:
    """Report a delivery."""
    with context.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=event_int(delivery, "shipment_id"))
        order = order_views.order(tx, order_id=shipment.order_id)
    if shipment.direction is not Direction.OUTBOUND:
        return no_record
    if not shipment.channel_ref:
        raise ShipmentNotConfirmed("The shipment is not confirmed to the channel yet.")
    notice = DeliveryNotice(
        reference=shipment.reference,
        order_external_id=order.header.external_id,
        shipment_external_ref=shipment.channel_ref,
        delivered_at=shipment.delivered_at or delivery.occurred_at,
    )
    return _update(
        context, delivery, "delivered", shipment.reference, lambda channel: channel.report_delivery(notice)
    )


def approve_return(context: Context, delivery: Delivery) -> Record:
    """Approve a return."""
    with context.db.read() as tx:
        each = return_views.one(tx, return_id=event_int(delivery, "return_id"))

    def approve(channel: SalesChannel) -> str:
        return channel.approve_return(return_external_id=each.external_id)

    return _update(context, delivery, "return_approved", each.external_id, approve)


class ReturnNotApproved(errors.Unavailable):
    """A return is closed only after it is approved."""


def close_return(context: Context, delivery: Delivery) -> Record:
    """Close a refunded return; the gateway paid, the channel only records it."""
    with context.db.read() as tx:
        each = return_views.one(tx, return_id=event_int(delivery, "return_id"))
        order = order_views.order(tx, order_id=each.order_id)
        approved = order_views.channel_update_accepted(
            tx, connection_id=order.header.connection_id, what="return_approved", reference=each.external_id
        )
        refunds = [
            refund
            for refund in money_views.refunds(tx, order_id=each.order_id)
            if refund.return_id == each.id
        ]
        location = "" if each.location_id is None else network.location(tx, location_id=each.location_id).name
    if not approved:
        raise ReturnNotApproved("The return is not approved in the channel yet.")
    notice = ReturnNotice(
        reference=f"return-{each.id}",
        order_external_id=order.header.external_id,
        return_external_id=each.external_id,
        lines=tuple(
            NoticeLine(line.external_return_line_id, line.received) for line in each.lines if line.received
        ),
        restocked_at_location=location,
        refund_minor=sum(refund.amount_minor for refund in refunds),
        currency=order.header.currency,
    )
    return _update(
        context, delivery, "return_done", notice.reference, lambda channel: channel.report_return(notice)
    )
