"""Report shipments and deliveries to the sales channel; each update is stored first and recorded once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

from doorstep.domain.connections.model import Feature, Mode
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import ChannelUpdate
from doorstep.domain.orders.ports import (
    DeliveryNotice,
    NoticeLine,
    SalesChannel,
    ShipmentNotice,
)
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.flows.context import Context, Record, event_int, follow, no_record
from doorstep.kernel import errors, http
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId, ShipmentId
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Done, Pending


def partner(_context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The sales channel of each delivery's order."""
    found = order_views.connection_ids(tx, order_ids=[each.key for each in deliveries])
    return {each.id: found[each.key] for each in deliveries if each.key in found}


def is_offered(context: Context, order: order_views.Order, feature: Feature) -> bool:
    """Whether the order's channel takes such updates. Where it does not, there is nobody to inform."""
    return context.partners.offers(order.header.connection_id, feature)


def update(
    context: Context,
    delivery: Delivery,
    what: str,
    reference: str,
    call: Callable[[SalesChannel], str | Pending],
) -> Record | Pending:
    """Store the intent, make the call outside any transaction, and return what to record.

    A call that the channel takes and has not finished is pending; then it is only asked how the call ended.
    """
    order_id = OrderId(delivery.key)
    with context.db.read() as tx:
        header = order_views.order(tx, order_id=order_id).header
    intend = functools.partial(
        orders.intend_channel_update, order_id=order_id, connection_id=header.connection_id, what=what, reference=reference
    )  # fmt: skip
    if context.db.transact(intend, actor="system", trace_id=delivery.trace_id):
        return no_record
    channel = context.partners.channel(header.connection_id)
    answer = call(channel) if delivery.handle is None else follow(channel, delivery.handle)
    if isinstance(answer, Pending):
        return answer
    named = answer.answer if isinstance(answer, Done) else answer

    def record(tx: WriteTx) -> None:
        now = context.clock.now()
        orders.lock(tx, order_id=order_id)
        update = ChannelUpdate(header.connection_id, what, reference, named, now)
        orders.record_channel_update(tx, order_id=order_id, channel=header.channel, update=update)
        if what == "shipped":
            shipment_id = ShipmentId(event_int(delivery, "shipment_id"))
            shipping.named_by_channel(tx, shipment_id=shipment_id, channel_ref=named)

    return record


def confirm_shipment(context: Context, delivery: Delivery) -> Record | Pending:
    """Confirm a shipment with its tracking number."""
    with context.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=event_int(delivery, "shipment_id"))
        order = order_views.order(tx, order_id=shipment.order_id)
        channel = order.header.connection_id
        names = maps.targets(tx, connection_id=channel, kind=MapKind.CARRIER, sources=[shipment.carrier])
    if shipment.direction is not Direction.OUTBOUND or not is_offered(
        context, order, Feature.CONFIRM_SHIPMENT
    ):
        return no_record
    notice = ShipmentNotice(
        reference=shipment.reference,
        order_external_id=order.header.external_id,
        lines=tuple(
            NoticeLine(order.line(each.line_no).external_line_id, each.quantity) for each in shipment.lines
        ),
        carrier=names.get(shipment.carrier, shipment.carrier),
        tracking_number=shipment.tracking_number,
        tracking_url=shipment.tracking_url,
        shipped_at=delivery.occurred_at,
    )
    return update(
        context, delivery, "shipped", shipment.reference, lambda channel: channel.confirm_shipment(notice)
    )


def refuse_in_shadow(context: Context, order: order_views.Order, would_send: Mapping[str, str]) -> None:
    """Raise Shadowed if the channel is in shadow mode: what this update builds upon was not sent either."""
    channel = context.partners.connection(order.header.connection_id)
    if channel.mode is Mode.SHADOW:
        raise http.Shadowed(
            f"{channel.key} is in shadow mode: the call was not made.",
            connection=channel.key,
            body=dict(would_send),
        )


class ShipmentNotConfirmed(errors.Unavailable):
    """A delivery is reported only after its shipment is confirmed."""


def report_delivery(context: Context, delivery: Delivery) -> Record | Pending:
    """Report a delivery."""
    with context.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=event_int(delivery, "shipment_id"))
        order = order_views.order(tx, order_id=shipment.order_id)
    if shipment.direction is not Direction.OUTBOUND or not is_offered(
        context, order, Feature.REPORT_DELIVERY
    ):
        return no_record
    if not shipment.channel_ref:
        refuse_in_shadow(
            context, order, {"shipment": shipment.reference, "delivered_at": str(shipment.delivered_at)}
        )
        raise ShipmentNotConfirmed("The shipment is not confirmed to the channel yet.")
    notice = DeliveryNotice(
        reference=shipment.reference,
        order_external_id=order.header.external_id,
        shipment_external_ref=shipment.channel_ref,
        delivered_at=shipment.delivered_at or delivery.occurred_at,
    )
    return update(
        context, delivery, "delivered", shipment.reference, lambda channel: channel.report_delivery(notice)
    )
