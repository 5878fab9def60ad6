"""Refund what is owed, exactly once; what failed or is in doubt is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments import views as money_views
from doorstep.domain.payments.model import RefundRequest, RefundResult, RefundSnapshot, RefundState
from doorstep.domain.returns import actions as returns
from doorstep.flows.context import Context, Record, event_int, no_record
from doorstep.flows.payments import gateways, owed
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId, RefundId, ReturnId
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.money import Money


def request_refunds(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Request a refund per inspected return that is owed one; returns that cost nothing are closed at once."""
    due = [delivery for delivery in deliveries if delivery.data["refund_due"]]
    orders.lock_all(tx, order_ids={OrderId(delivery.key) for delivery in due})
    for delivery in due:
        each = returns.lock(tx, return_id=ReturnId(event_int(delivery, "return_id")))
        order = order_views.order(tx, order_id=each.order_id)
        amount = sum(minor for _, minor in owed.of_return(tx, each, order).values())
        if amount == 0:
            returns.refund_triggered(tx, return_id=each.id, at=context.clock.now())
            returns.refunded(tx, return_id=each.id, at=context.clock.now())
            continue
        intent = payments.RefundIntent(
            each.order_id, each.id, None, amount, order.header.currency, each.reason
        )
        if payments.request_refund(tx, intent=intent, at=context.clock.now()) is not None:
            returns.refund_triggered(tx, return_id=each.id, at=context.clock.now())


def partner(context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The gateway of each delivery's refund."""
    wanted = {each.id: event_int(each, "refund_id") for each in deliveries}
    refunded = money_views.refunded(tx, refund_ids=list(wanted.values()))
    found = gateways.of_payments(context, tx, list(refunded.values()))
    paid_by = {each: refunded[refund_id].id for each, refund_id in wanted.items() if refund_id in refunded}
    return {each: found[payment_id] for each, payment_id in paid_by.items() if payment_id in found}


def issue(context: Context, delivery: Delivery) -> Record:
    """Issue a refund once. On a retry, look it up at the gateway first."""
    refund_id = RefundId(event_int(delivery, "refund_id"))
    wanted = context.db.transact(
        lambda tx: _intend(tx, refund_id, OrderId(delivery.key), context.clock.now()),
        actor="system",
        trace_id=delivery.trace_id,
    )
    if wanted is None:
        return no_record
    intent, tender, asked_before, order_id = wanted
    gateway = context.partners.gateway(gateways.of_payment(context, tender).id)
    result = gateway.find_refund(intent) if asked_before else None
    if result is None:
        result = gateway.refund(intent)
    if result.state is RefundState.FAILED:
        raise errors.Refused(f"The gateway did not process refund {intent.reference}.")

    def record(tx: WriteTx) -> None:
        _credit(tx, refund_id=refund_id, order_id=order_id, result=result, now=context.clock.now())

    return record


def _intend(
    tx: WriteTx, refund_id: RefundId, order_id: OrderId, now: datetime
) -> tuple[RefundRequest, money_views.Payment, bool, OrderId] | None:
    """What to ask of the gateway, of which payment, and whether it was asked before; None once it is refunded."""
    orders.lock(tx, order_id=order_id)
    refund = payments.lock_refund(tx, refund_id=refund_id)
    if refund.state is RefundState.SUCCEEDED:
        return None
    tender = payments.choose_tender(tx, refund=refund)
    asked_before = payments.mark_requested(tx, refund=refund, at=now)
    if refund.return_id is not None:
        returns.refund_requested(tx, return_id=refund.return_id, at=now)
    number = order_views.order(tx, order_id=refund.order_id).header.number
    amount = Money(refund.amount_minor, refund.currency)
    intent = RefundRequest(
        refund_id, refund.reference, tender.external_id or "", amount, refund.reason, number
    )
    return intent, tender, asked_before, refund.order_id


def _credit(
    tx: WriteTx, *, refund_id: RefundId, order_id: OrderId, result: RefundResult, now: datetime
) -> None:
    orders.lock(tx, order_id=order_id)
    credited = payments.credited(tx, refund_id=refund_id, result=result, at=now)
    if credited is not None and credited.return_id is not None:
        returns.refunded(tx, return_id=credited.return_id, at=now)


def mark_failed(context: Context, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """Mark the refund as failed or in doubt after the last attempt."""
    refund_id, now = RefundId(event_int(delivery, "refund_id")), context.clock.now()
    orders.lock(tx, order_id=OrderId(delivery.key))
    if isinstance(problem, errors.Unavailable) and not isinstance(problem, payments.NoTender):
        refund = payments.mark_in_doubt(tx, refund_id=refund_id, reason=str(problem), at=now)
        if refund.return_id is not None:
            returns.refund_doubted(tx, return_id=refund.return_id, at=now)
    else:
        refund = payments.failed(tx, refund_id=refund_id, reason=str(problem), at=now)
        if refund.return_id is not None:
            returns.refund_failed(tx, return_id=refund.return_id, at=now)


def retry(tx: WriteTx, *, refund_id: RefundId, now: datetime) -> None:
    """Retry a refund."""
    orders.lock(tx, order_id=money_views.refund(tx, refund_id=refund_id).order_id)
    refund = payments.retry(tx, refund_id=refund_id, at=now)
    if refund.return_id is not None:
        returns.refund_triggered(tx, return_id=refund.return_id, at=now)


def record_reported(tx: WriteTx, *, seen: RefundSnapshot, now: datetime) -> None:
    """Record a refund that the gateway reports, if it is ours and its answer was lost; others are not ours to record."""
    refund = money_views.refund_by_reference(tx, reference=seen.reference) if seen.reference else None
    if refund is not None and seen.state is RefundState.SUCCEEDED:
        result = RefundResult(seen.external_id, seen.state, arrived=True)
        _credit(tx, refund_id=refund.id, order_id=refund.order_id, result=result, now=now)
