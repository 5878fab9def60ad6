"""The table of contents of the business: fact → what happens then. Read it top to bottom, as an order walks.

1. A channel's message is stored by delivery/hooks; intake.read gives it its effect: intake.take checks, routes and stores
   all orders of the batch in that one transaction.
2. What follows from a fact is a delivery, stored with the fact. A step changes only our database; an errand calls a
   partner. People act through fulfil, return_ and cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.flows import box, count, mail, promise, refund, replan, return_, settle, ship, source, tell
from doorstep.flows.world import Errand, LastWord, Step
from doorstep.kernel.db import Subscription


@dataclass(frozen=True, slots=True)
class Row:
    """One subscriber of one fact; `given_up` has the last word when its delivery becomes a dead letter."""

    fact: str
    name: str
    step: Step | None = None
    errand: Errand | None = None
    given_up: LastWord | None = None


MAP: tuple[Row, ...] = (
    Row("order.placed", "mail.order_confirmed", errand=mail.mail("order_confirmed")),
    Row("order.short", "promise.promise_short", step=promise.promise_short),
    Row("supply.changed", "promise.look_again", step=promise.look_again),
    Row("sell_ahead.changed", "promise.look_again", step=promise.look_again),
    Row("promise.moved", "promise.tell", step=promise.tell),
    Row("order.cancelled", "source.wake_short", step=source.wake_short),
    Row("stock.adjusted", "source.wake_short", step=source.wake_short),
    Row("stock.freed", "source.wake_short", step=source.wake_short),
    Row("stock.received", "source.wake_short", step=source.wake_short),
    Row("stock.regraded", "source.wake_short", step=source.wake_short),
    Row("stock.synchronised", "source.wake_short", step=source.wake_short),
    Row("transfer.shipped", "source.wake_short", step=source.wake_short),
    Row("transfer.received", "source.wake_short", step=source.wake_short),
    Row("transfer.cancelled", "source.wake_short", step=source.wake_short),
    Row("count.approved", "source.wake_short", step=source.wake_short),
    Row("location.paused", "replan.location_paused", step=replan.location_paused),
    Row("location.resumed", "replan.look_again", step=replan.look_again),
    Row("location.closed", "replan.location_paused", step=replan.location_paused),
    Row("location.reopened", "replan.look_again", step=replan.look_again),
    Row("carrier.out", "replan.carrier_out", step=replan.carrier_out),
    Row("carrier.back", "replan.look_again", step=replan.look_again),
    Row("network.configured", "replan.look_again", step=replan.look_again),
    Row("fulfillment.rejected", "count.direct", step=count.direct),
    Row("stock.contradicted", "count.direct", step=count.direct),
    Row("fulfillment.packed", "ship.request_labels", step=box.request_labels),
    Row("fulfillment.rejected", "box.look_again", step=box.look_again),
    Row("order.cancelled", "box.look_again", step=box.look_again),
    Row("shipment.label_requested", "ship.buy_label", errand=ship.buy_label, given_up=ship.label_given_up),
    Row("shipment.dispatched", "settle.request_invoices", step=settle.request_invoices),
    Row("shipment.dispatched", "tell.shipped", errand=tell.shipped),
    Row("shipment.dispatched", "mail.shipped", errand=mail.mail("shipped")),
    Row("invoice.requested", "settle.post_document", errand=settle.post_document, given_up=settle.document_given_up),
    Row("shipment.delivered", "tell.delivered", errand=tell.delivered),
    Row("shipment.delivered", "mail.delivered", errand=mail.mail("delivered")),
    Row("return.created", "return_.book_pickups", step=return_.book_pickups),
    Row("return.created", "tell.return_approved", errand=tell.return_approved),
    Row("return.created", "mail.return_created", errand=mail.mail("return_created")),
    Row("return.inspected", "source.wake_short", step=source.wake_short),
    Row("return.inspected", "refund.request", step=refund.request),
    Row("refund.requested", "refund.give", errand=refund.give, given_up=refund.given_up),
    Row("refund.credited", "settle.request_credit_notes", step=settle.request_credit_notes),
    Row("refund.credited", "mail.refunded", errand=mail.mail("refunded")),
    Row("return.refunded", "tell.return_done", errand=tell.return_done),
)  # fmt: skip

# Facts that are only read by people, screens and subscribers outside; every other fact must stand in MAP.
NOBODY_LISTENS = frozenset(
    {
        "order.observed", "order.held", "order.approved", "order.allocated", "order.replanned",
        "order.completed", "order.note_added", "fulfillment.accepted", "fulfillment.picked", "fulfillment.released",
        "fulfillment.asked_back", "fulfillment.kept",
        "shipment.label_purchased", "shipment.label_in_doubt", "shipment.tracked", "payment.captured",
        "refund.in_doubt", "refund.failed", "invoice.issued", "return.in_transit", "return.arrived",
        "return.received", "message.sent", "message.in_doubt", "channel.told",
        "atp_rule.changed", "promise.made", "promise.changed",
        "transfer.drafted", "transfer.requested", "count.opened", "count.handed_in", "count.sent_back", "count.cancelled",
        "replenishment.set", "import.ended",
        "rules.drafted", "rules.activated", "rules.rolled_back", "rules.trial_started", "rules.trial_stopped",
        "fulfillment.overdue", "location.created", "location.changed",
    }
)  # fmt: skip

SUBSCRIPTIONS = tuple(Subscription(row.fact, row.name) for row in MAP)
