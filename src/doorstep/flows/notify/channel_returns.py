"""Approve returns at the sales channel, and close them once they are refunded."""

from __future__ import annotations

from doorstep.domain.connections.model import Feature
from doorstep.domain.network import views as network
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.ports import NoticeLine, ReturnNotice, SalesChannel
from doorstep.domain.payments import views as money_views
from doorstep.domain.returns import views as return_views
from doorstep.flows.context import Context, Record, event_int, no_record
from doorstep.flows.notify import channel_updates
from doorstep.kernel import errors
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Pending


def approve_return(context: Context, delivery: Delivery) -> Record | Pending:
    """Approve a return."""
    with context.db.read() as tx:
        each = return_views.one(tx, return_id=event_int(delivery, "return_id"))
        order = order_views.order(tx, order_id=each.order_id)
    if not channel_updates.is_offered(context, order, Feature.APPROVE_RETURN):
        return no_record

    def approve(channel: SalesChannel) -> str | Pending:
        return channel.approve_return(return_external_id=each.external_id)

    return channel_updates.update(context, delivery, "return_approved", each.external_id, approve)


class ReturnNotApproved(errors.Unavailable):
    """A return is closed only after it is approved."""


def close_return(context: Context, delivery: Delivery) -> Record | Pending:
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
    if not channel_updates.is_offered(context, order, Feature.REPORT_RETURN):
        return no_record
    if not approved and channel_updates.is_offered(context, order, Feature.APPROVE_RETURN):
        channel_updates.refuse_in_shadow(context, order, {"return": each.number})
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
    return channel_updates.update(
        context, delivery, "return_done", notice.reference, lambda channel: channel.report_return(notice)
    )
