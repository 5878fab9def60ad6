"""The table of contents of the business. Read it top to bottom: it follows an order through its life.

CAPTURE is what runs, in this order and in one transaction, when a batch of messages comes in.
MAP says what follows from each event: a *handler* changes only our database, a *task* calls a partner. Each belongs to
a queue: steps where none is named. What runs by the clock stands in jobs.py. People act through the verbs of fulfillment, returns, payments and capture.approve.
"""

from __future__ import annotations

from collections.abc import Callable

from doorstep.domain.orders import actions as orders
from doorstep.flows.allocation import (
    allocate,
    allocation,
    backorders,
    inputs,
    plan_result,
    replan,
    trial,
)
from doorstep.flows.billing import posting
from doorstep.flows.capture import approve, connection_maps, intake
from doorstep.flows.context import Subscriber
from doorstep.flows.fulfillment import cancel, warehouse
from doorstep.flows.notify import channel_returns, channel_updates, customer_messages, other_media
from doorstep.flows.payments import look_up as payment_look_up
from doorstep.flows.payments import refund
from doorstep.flows.returns import receive_returns
from doorstep.flows.shipping import carrier_choice, consolidation, ship
from doorstep.flows.shipping import look_up as shipping_look_up
from doorstep.flows.stock import cycle_counts, publish
from doorstep.kernel.db import Subscription
from doorstep.kernel.queues import Queue

CAPTURE: tuple[Callable[..., object], ...] = (
    intake.read,
    intake.capture_orders,
    orders.classify,
    approve.check_new,
    allocate.plan,
    inputs.load,
    trial.plan,
    plan_result.build,
    orders.upsert,
    allocate.apply,
    allocation.changed,
    posting.record_reported_payments,
    cancel.cancel_from_channel,
    approve.approve,
)

MAP: tuple[Subscriber, ...] = (
    Subscriber("order.placed", "email.order_confirmed", queue=Queue.MESSAGES, partner=customer_messages.partner, batch_task=customer_messages.email("order_confirmed"), needs=customer_messages.has_address),
    Subscriber("connection.mapped", "capture.apply_map", handler=connection_maps.apply),
    Subscriber("order.short", "backorders.promise_short_orders", handler=backorders.promise_short_orders),
    Subscriber("stock.publish_due", "stock.publish", queue=Queue.CALLS, partner=publish.partner, task=publish.send),
    Subscriber("supply.changed", "backorders.promise_from_new_supply", handler=backorders.promise_from_new_supply),
    Subscriber("sell_ahead.changed", "backorders.promise_from_new_supply", handler=backorders.promise_from_new_supply),
    Subscriber("promise.supply_changed", "backorders.record_promise_changes", handler=backorders.record_promise_changes),
    Subscriber("order.canceled", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("stock.adjusted", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("stock.released", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("stock.received", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("stock.condition_changed", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("stock.synced", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("transfer.shipped", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("transfer.received", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("transfer.canceled", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("count.approved", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("location.paused", "allocation.replan_location", handler=replan.location_paused),
    Subscriber("location.resumed", "allocation.retry_unallocated", handler=replan.retry_unallocated),
    Subscriber("location.closed", "allocation.replan_location", handler=replan.location_paused),
    Subscriber("location.reopened", "allocation.retry_unallocated", handler=replan.retry_unallocated),
    Subscriber("carrier.outage_started", "allocation.replan_carrier", handler=replan.carrier_outage),
    Subscriber("carrier.outage_ended", "allocation.retry_unallocated", handler=replan.retry_unallocated),
    Subscriber("network.configured", "allocation.retry_unallocated", handler=replan.retry_unallocated),
    Subscriber("fulfillment.rejected", "stock.open_counts", handler=cycle_counts.open_counts),
    Subscriber("stock.discrepancy_found", "stock.open_counts", handler=cycle_counts.open_counts),
    Subscriber("fulfillment.warehouse_requested", "warehouse.send", queue=Queue.CALLS, partner=warehouse.partner, task=warehouse.send, on_dead_letter=warehouse.mark_failed),
    Subscriber("fulfillment.warehouse_cancel_requested", "warehouse.cancel", queue=Queue.CALLS, partner=warehouse.partner, task=warehouse.cancel),
    Subscriber("fulfillment.packed", "shipping.request_labels", handler=consolidation.request_labels),
    Subscriber("fulfillment.rejected", "shipping.recheck_consolidation", handler=consolidation.recheck),
    Subscriber("order.canceled", "shipping.recheck_consolidation", handler=consolidation.recheck),
    Subscriber("shipment.label_requested", "shipping.buy_label", queue=Queue.CALLS, partner=carrier_choice.partner, task=ship.buy_label, on_dead_letter=ship.mark_label_failed),
    Subscriber("shipment.tracking_due", "shipping.look_up", queue=Queue.CALLS, partner=shipping_look_up.partner, task=shipping_look_up.ask),
    Subscriber("payment.lookup_due", "payments.look_up", queue=Queue.CALLS, partner=payment_look_up.partner, task=payment_look_up.ask),
    Subscriber("shipment.dispatched", "billing.request_invoices", handler=posting.request_invoices),
    Subscriber("shipment.dispatched", "channel.confirm_shipment", queue=Queue.CALLS, partner=channel_updates.partner, task=channel_updates.confirm_shipment),
    Subscriber("shipment.dispatched", "email.shipped", queue=Queue.MESSAGES, partner=customer_messages.partner, batch_task=customer_messages.email("shipped")),
    Subscriber("invoice.requested", "billing.post_document", queue=Queue.CALLS, partner=posting.partner, task=posting.post_document, on_dead_letter=posting.mark_document_failed),
    Subscriber("shipment.delivered", "channel.report_delivery", queue=Queue.CALLS, partner=channel_updates.partner, task=channel_updates.report_delivery),
    Subscriber("shipment.delivered", "email.delivered", queue=Queue.MESSAGES, partner=customer_messages.partner, batch_task=customer_messages.email("delivered")),
    Subscriber("return.created", "returns.book_pickups", handler=receive_returns.book_pickups),
    Subscriber("return.created", "channel.approve_return", queue=Queue.CALLS, partner=channel_updates.partner, task=channel_returns.approve_return),
    Subscriber("return.created", "email.return_created", queue=Queue.MESSAGES, partner=customer_messages.partner, batch_task=customer_messages.email("return_created")),
    Subscriber("return.inspected", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("return.inspected", "payments.request_refunds", handler=refund.request_refunds),
    Subscriber("refund.requested", "payments.issue_refund", queue=Queue.CALLS, partner=refund.partner, task=refund.issue, on_dead_letter=refund.mark_failed),
    Subscriber("refund.credited", "billing.request_credit_notes", handler=posting.request_credit_notes),
    Subscriber("refund.credited", "email.refunded", queue=Queue.MESSAGES, partner=customer_messages.partner, batch_task=customer_messages.email("refunded")),
    Subscriber("message.requested", "messages.send", queue=Queue.MESSAGES, partner=other_media.partner, batch_task=other_media.send),
    Subscriber("message.failed", "email.instead", queue=Queue.MESSAGES, partner=customer_messages.partner, batch_task=other_media.email_instead),
    Subscriber("return.refunded", "channel.close_return", queue=Queue.CALLS, partner=channel_updates.partner, task=channel_returns.close_return),
)  # fmt: skip

# Events that only screens and outside subscribers read; every other event must stand in MAP.
NO_SUBSCRIBER = frozenset(
    {
        "order.updated_by_channel", "order.held", "order.approved", "order.allocated", "order.replanned", "order.completed",
        "order.note_added", "fulfillment.accepted", "fulfillment.picked", "fulfillment.released", "fulfillment.recall_requested",
        "fulfillment.recall_declined", "fulfillment.warehouse_cancel_declined", "shipment.label_purchased", "shipment.label_in_doubt", "shipment.label_failed",
        "shipment.tracked", "payment.captured", "payment.unclear", "refund.in_doubt", "refund.failed", "invoice.issued", "return.in_transit", "return.arrived",
        "return.received", "message.sent", "message.in_doubt", "message.receipt", "message.received", "message.opted_out", "message.opted_in", "channel.updated",
        "atp_rule.changed", "promise.made", "promise.changed",
        "transfer.drafted", "transfer.requested", "count.opened", "count.submitted", "count.reopened", "count.canceled",
        "replenishment.set", "import.ended",
        "rules.drafted", "rules.activated", "rules.rolled_back", "rules.trial_started", "rules.trial_stopped",
        "fulfillment.overdue", "location.created", "location.changed", "connection.connected",
    }
)  # fmt: skip

SUBSCRIPTIONS = tuple(Subscription(row.event, row.name, row.queue, row.handler is None, row.needs) for row in MAP)  # fmt: skip
