"""The table of contents of the business. Read it top to bottom: it follows an order through its life.

CAPTURE is what runs, in this order and in one transaction, when a batch of messages comes in.
MAP says what follows from each event: a *handler* changes only our database, a *task* calls a partner.
JOBS run by the clock. People act through the verbs of fulfillment, returns, payments and capture.approve.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from doorstep.domain.orders import actions as orders
from doorstep.flows import operations
from doorstep.flows.allocation import (
    allocate,
    allocation,
    backorders,
    capacity,
    exception_queues,
    inputs,
    plan_result,
    replan,
    scheduled_runs,
    trial,
)
from doorstep.flows.allocation.optimize import reoptimize, scarcity_prices
from doorstep.flows.availability import available_to_promise, cart_reservations
from doorstep.flows.billing import posting
from doorstep.flows.capture import approve, intake
from doorstep.flows.context import Job, Subscriber
from doorstep.flows.fulfillment import cancel, release, unaccepted
from doorstep.flows.network import outage_control
from doorstep.flows.notify import channel_updates, customer_messages
from doorstep.flows.payments import refund
from doorstep.flows.returns import receive_returns
from doorstep.flows.routing_rules import hindsight, simulation_jobs, trial_control
from doorstep.flows.shipping import consolidation, ship
from doorstep.flows.stock import cycle_counts, replenish
from doorstep.kernel.db import Subscription

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
    Subscriber("order.placed", "email.order_confirmed", task=customer_messages.email("order_confirmed")),
    Subscriber("order.short", "backorders.promise_short_orders", handler=backorders.promise_short_orders),
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
    Subscriber("fulfillment.packed", "shipping.request_labels", handler=consolidation.request_labels),
    Subscriber("fulfillment.rejected", "shipping.recheck_consolidation", handler=consolidation.recheck),
    Subscriber("order.canceled", "shipping.recheck_consolidation", handler=consolidation.recheck),
    Subscriber("shipment.label_requested", "shipping.buy_label", task=ship.buy_label, on_dead_letter=ship.mark_label_failed),
    Subscriber("shipment.dispatched", "billing.request_invoices", handler=posting.request_invoices),
    Subscriber("shipment.dispatched", "channel.confirm_shipment", task=channel_updates.confirm_shipment),
    Subscriber("shipment.dispatched", "email.shipped", task=customer_messages.email("shipped")),
    Subscriber("invoice.requested", "billing.post_document", task=posting.post_document, on_dead_letter=posting.mark_document_failed),
    Subscriber("shipment.delivered", "channel.report_delivery", task=channel_updates.report_delivery),
    Subscriber("shipment.delivered", "email.delivered", task=customer_messages.email("delivered")),
    Subscriber("return.created", "returns.book_pickups", handler=receive_returns.book_pickups),
    Subscriber("return.created", "channel.approve_return", task=channel_updates.approve_return),
    Subscriber("return.created", "email.return_created", task=customer_messages.email("return_created")),
    Subscriber("return.inspected", "allocation.retry_backorders", handler=allocate.retry_backorders),
    Subscriber("return.inspected", "payments.request_refunds", handler=refund.request_refunds),
    Subscriber("refund.requested", "payments.issue_refund", task=refund.issue, on_dead_letter=refund.mark_failed),
    Subscriber("refund.credited", "billing.request_credit_notes", handler=posting.request_credit_notes),
    Subscriber("refund.credited", "email.refunded", task=customer_messages.email("refunded")),
    Subscriber("return.refunded", "channel.close_return", task=channel_updates.close_return),
)  # fmt: skip


_HOUR, _DAY = 3_600.0, 86_400.0
JOBS: tuple[Job, ...] = (
    Job("carts.expire_reservations", 15, cart_reservations.expire),
    Job("availability.apply_rules_to_new", 30, available_to_promise.apply_rules_to_new),
    Job("availability.recompute_rules", _DAY, available_to_promise.recompute_rules),
    Job("availability.check_stock_sources", 60, available_to_promise.check_stock_sources),
    Job("allocation.scheduled_runs", 15, scheduled_runs.run_due, is_cpu_bound=True),
    Job("allocation.reoptimize", 30, functools.partial(reoptimize.solve, seconds=3, clock=time.monotonic), is_cpu_bound=True),
    Job("allocation.scarcity_prices", 900, scarcity_prices.update, is_cpu_bound=True),
    Job("allocation.cancel_overdue", 60, exception_queues.cancel_overdue),
    Job("allocation.delete_old_shifts", _DAY, capacity.delete_old_shifts),
    Job("allocation.delete_old_runs", _DAY, scheduled_runs.delete_old),
    Job("network.check_outages", 15, outage_control.check),
    Job("fulfillment.measure_throughput", 60, release.measure_throughput),
    Job("fulfillment.release", 15, release.release_due),
    Job("fulfillment.check_unaccepted", 60, unaccepted.check),
    Job("shipping.close_consolidation", 60, consolidation.close_overdue),
    Job("stock.replenish", _DAY / 4, replenish.draft),
    Job("stock.write_off_missing", 60, cycle_counts.write_off_missing),
    Job("stock.verify_ledger", 900, operations.verify_ledger),
    Job("routing_rules.check_trial", 60, trial_control.check),
    Job("routing_rules.schedule_hindsight", _HOUR, hindsight.schedule),
    Job("routing_rules.delete_old_simulations", _DAY, simulation_jobs.delete_old),
    Job("identity.delete_expired", _HOUR, operations.delete_expired),
)  # fmt: skip

# Events that only screens and outside subscribers read; every other event must stand in MAP.
NO_SUBSCRIBER = frozenset(
    {
        "order.updated_by_channel", "order.held", "order.approved", "order.allocated", "order.replanned", "order.completed",
        "order.note_added", "fulfillment.accepted", "fulfillment.picked", "fulfillment.released", "fulfillment.recall_requested",
        "fulfillment.recall_declined", "shipment.label_purchased", "shipment.label_in_doubt", "shipment.label_failed",
        "shipment.tracked", "payment.captured", "payment.unclear", "refund.in_doubt", "refund.failed", "invoice.issued", "return.in_transit", "return.arrived",
        "return.received", "message.sent", "message.in_doubt", "channel.updated",
        "atp_rule.changed", "promise.made", "promise.changed",
        "transfer.drafted", "transfer.requested", "count.opened", "count.submitted", "count.reopened", "count.canceled",
        "replenishment.set", "import.ended",
        "rules.drafted", "rules.activated", "rules.rolled_back", "rules.trial_started", "rules.trial_stopped",
        "fulfillment.overdue", "location.created", "location.changed",
    }
)  # fmt: skip

SUBSCRIPTIONS = tuple(Subscription(row.event, row.name) for row in MAP)
