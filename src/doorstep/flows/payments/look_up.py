"""Ask payment gateways for payments that have stayed open: their messages get lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from doorstep.domain.connections.model import Feature, Kind
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments import views
from doorstep.flows.context import Context, Record, event_int
from doorstep.flows.payments import gateways, match_order
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import PaymentId
from doorstep.kernel.jobs import Delivery

_AFTER, _UNTIL = timedelta(hours=1), timedelta(days=7)
_AT_ONCE = 500


def find_open(context: Context) -> int:
    """Have gateways asked for payments that have been open for an hour. Returns how many."""
    gateways = [
        each.connector_id
        for each in context.partners.of_kind(Kind.PAYMENTS)
        if context.partners.offers(each.id, Feature.PAYMENT)
    ]
    if not gateways:
        return 0
    return context.db.transact(
        lambda tx: payments.look_up_open(
            tx, gateways=gateways, after=_AFTER, until=_UNTIL, at=context.clock.now(), limit=_AT_ONCE
        ),
        actor="system",
    )


def partner(context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The gateway of each delivery's payment."""
    wanted = {each.id: PaymentId(event_int(each, "payment_id")) for each in deliveries}
    found = gateways.of_payments(context, tx, views.by_ids(tx, payment_ids=list(wanted.values())))
    return {each: found[payment_id] for each, payment_id in wanted.items() if payment_id in found}


def ask(context: Context, delivery: Delivery) -> Record:
    """Read a payment from its gateway; it is recorded like one that a message reports."""
    with context.db.read() as tx:
        (payment,) = views.by_ids(tx, payment_ids=[event_int(delivery, "payment_id")])
    sender = gateways.of_payment(context, payment)
    seen = context.partners.gateway(sender.id).payment(external_id=str(delivery.data["external_id"]))

    def record(tx: WriteTx) -> None:
        match_order.record_reported(context, tx, sender=sender, seen=seen, trace_id=delivery.trace_id)

    return record
