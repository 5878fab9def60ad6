"""Verbs of payments. A refund is stored before it is requested, requested once, and in doubt if its outcome is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from doorstep.domain.payments import events, model, store
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus, RefundResult, RefundState
from doorstep.domain.payments.store import Credit, Payment, Refund, RefundIntent, ReportedPayment
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId, PaymentId, RefundId

__all__ = ["Payment", "Refund", "RefundIntent", "ReportedPayment"]


class Overtaken(errors.Conflict):
    """Another process stored the same payment at the same moment: retry."""


def look_up_open(
    tx: WriteTx, *, gateways: Sequence[str], after: timedelta, until: timedelta, at: datetime, limit: int
) -> int:
    """Have gateways asked for payments that have stayed open for so long, up to an age; returns how many."""
    found = store.claim_open(
        tx, gateways=gateways, open_since=at - after, not_before=at - until, at=at, limit=limit
    )
    due = [
        events.LookupDue(each.id, each.order_id, each.gateway, each.external_id)
        for each in found
        if each.order_id is not None and each.external_id is not None
    ]
    event_log.append(tx, due, at=at)
    return len(due)


def expect(tx: WriteTx, *, order_reference: str) -> None:
    """Serialize an order and its payment that arrive at the same moment, so that neither misses the other."""
    if order_reference:
        store.lock_references(tx, [order_reference])


def record_channel_payment(tx: WriteTx, *, reported: Sequence[ReportedPayment]) -> None:
    """Record how channels report the payment of their orders; match payments that came before their order."""
    if not reported:
        return
    store.lock_references(tx, [each.order_reference for each in reported])
    attached = _attach_earlier(tx, reported)
    there = {(each.order_id, each.gateway) for each in attached}
    fresh: list[ReportedPayment] = []
    later: list[ReportedPayment] = []
    for each in reported:
        if each.gateway:
            known = not each.is_new or (each.order_id, each.gateway) in there
            (later if known else fresh).append(each)
    store.copy_reported(tx, fresh)
    if later:
        store.insert_reported(tx, later)
        store.update_reported(tx, [each for each in later if each.status == PaymentStatus.CAPTURED.value])


def _attach_earlier(tx: WriteTx, reported: Sequence[ReportedPayment]) -> list[Payment]:
    """Attach payments that came before their orders; where orders of two channels have the id, each new one says so."""
    matches = store.select_matches(tx, reported)
    if not matches:
        return []
    attached = store.attach(tx, [each for each in matches if each.is_clear])
    for each in attached:
        if each.status == PaymentStatus.CAPTURED.value and each.order_id is not None:
            fact = events.Captured(each.order_id, each.id, each.amount_minor, each.currency)
            event_log.append(tx, [fact], at=each.at)
    came_at = {each.order_id: each.at for each in reported if each.is_new}
    for match in matches:
        if not match.is_clear and match.order_id in came_at:
            unclear = events.PaymentUnclear(match.order_id, match.payment_id)
            event_log.append(tx, [unclear], at=came_at[match.order_id])
    return attached


_RANK = {
    PaymentStatus.PENDING: 0,
    PaymentStatus.FAILED: 1,
    PaymentStatus.AUTHORIZED: 2,
    PaymentStatus.CAPTURED: 3,
}


def lock_references(tx: WriteTx, *, references: Sequence[str]) -> None:
    """Lock the payments of the orders that channels know by these ids, before the orders themselves and all at once."""
    store.lock_references(tx, references)


def record(
    tx: WriteTx,
    *,
    seen: PaymentSnapshot,
    order_id: OrderId | None,
    channel_id: int | None = None,
    gateway_connection_id: int | None = None,
) -> None:
    """Record a payment that a gateway (this connection), or a channel on its behalf, reports, in any order and from both.

    Without its order a payment waits for it, of this sales channel (a connection) or of any; it never moves backwards,
    and never leaves its order.
    """
    known = store.lock_by_external(tx, gateway=seen.gateway, external_id=seen.external_id)
    if known is None and order_id is not None:
        known = store.lock_without_external_id(tx, order_id=order_id, gateway=seen.gateway)
    if known is None:
        payment_id = store.insert_observed(
            tx,
            order_id=order_id,
            channel_id=channel_id,
            gateway_connection_id=gateway_connection_id,
            seen=seen,
        )
        if payment_id is None:
            raise Overtaken("Another process is storing the same payment.")
        _captured(tx, payment_id, order_id, seen, before=None)
        return
    if known.order_id is None and (order_id is not None or seen.order_reference):
        store.link(
            tx,
            payment_id=known.id,
            order_id=order_id,
            order_reference=seen.order_reference,
            channel_id=channel_id,
        )
    if known.external_id is None or _RANK[seen.status] > _RANK[PaymentStatus(known.status)]:
        store.update_observed(tx, payment_id=known.id, seen=seen)
    if gateway_connection_id is not None and known.gateway_connection_id is None:
        store.update_gateway_connection(tx, payment_id=known.id, connection_id=gateway_connection_id)
    _captured(tx, known.id, known.order_id or order_id, seen, before=known)


def _captured(
    tx: WriteTx,
    payment_id: PaymentId,
    order_id: OrderId | None,
    seen: PaymentSnapshot,
    *,
    before: Payment | None,
) -> None:
    """Append the capture event once, when both the capture and the order are known."""
    was_recorded = (
        before is not None and before.external_id and before.order_id and before.status == seen.status.value
    )
    if seen.status is PaymentStatus.CAPTURED and order_id is not None and not was_recorded:
        fact = events.Captured(order_id, payment_id, seen.amount_minor, seen.currency)
        event_log.append(tx, [fact], at=seen.at)


def request_refund(tx: WriteTx, *, intent: RefundIntent, at: datetime) -> RefundId | None:
    """Store a refund that is owed; None if the return has its refund already."""
    if intent.amount_minor <= 0:
        raise errors.Invalid("Enter an amount to refund.", field="amount")
    refund_id = store.insert_refund(tx, intent, at=at)
    if refund_id is not None:
        fact = events.RefundRequested(intent.order_id, refund_id, intent.amount_minor, intent.currency)
        event_log.append(tx, [fact], at=at)
    return refund_id


class NoTender(errors.Unavailable):
    """The gateway has not reported a payment that could take this refund yet."""


def lock_refund(tx: WriteTx, *, refund_id: RefundId) -> Refund:
    """One refund, locked; raises NotFound."""
    refund = store.lock_refund(tx, refund_id=refund_id)
    if refund is None:
        raise errors.NotFound(f"There is no refund {refund_id}.")
    return refund


def choose_tender(tx: WriteTx, *, refund: Refund) -> Payment:
    """The payment to refund: captured, known to its gateway, with enough left on it."""
    payments = store.lock_of_order(tx, order_id=refund.order_id)
    for payment in payments:
        enough = payment.amount_minor - payment.refunded_minor >= refund.amount_minor
        if payment.external_id and payment.status == PaymentStatus.CAPTURED.value and enough:
            store.update_refund_payment(tx, refund_id=refund.id, payment_id=payment.id)
            return payment
    if any(payment.external_id is None for payment in payments):
        raise NoTender("The gateway has not reported the payment id yet: the refund waits for it.")
    raise errors.Refused("No payment of this order has enough left for the refund: refund it by other means.")


def _enter(refund: Refund, state: RefundState) -> None:
    states.transition(model.REFUND_MOVES, refund.state, state, thing=f"Refund {refund.reference}")


def mark_requested(tx: WriteTx, *, refund: Refund, at: datetime) -> bool:
    """Mark the refund as being requested; returns whether it was requested before (then look it up first)."""
    if refund.state is not RefundState.REQUESTED:
        _enter(refund, RefundState.REQUESTED)
    return store.mark_requested(tx, refund_id=refund.id, at=at)


def credited(tx: WriteTx, *, refund_id: RefundId, result: RefundResult, at: datetime) -> Refund | None:
    """Record once that the gateway refunded the money; None if it was recorded before."""
    refund = lock_refund(tx, refund_id=refund_id)
    if refund.state is RefundState.SUCCEEDED:
        return None
    _enter(refund, RefundState.SUCCEEDED)
    store.update_credited(tx, Credit(refund_id, result.external_id, at if result.arrived else None, at))
    fact = events.RefundCredited(
        refund.order_id, refund_id, refund.return_id, refund.amount_minor, refund.currency
    )
    event_log.append(tx, [fact], at=at)
    return refund


def mark_in_doubt(tx: WriteTx, *, refund_id: RefundId, reason: str, at: datetime) -> Refund:
    """The outcome of the refund is unknown."""
    refund = lock_refund(tx, refund_id=refund_id)
    _enter(refund, RefundState.IN_DOUBT)
    store.update_refund(tx, refund_id=refund_id, state=RefundState.IN_DOUBT, error=reason)
    event_log.append(tx, [events.RefundInDoubt(refund.order_id, refund_id, reason)], at=at)
    return refund


def failed(tx: WriteTx, *, refund_id: RefundId, reason: str, at: datetime) -> Refund:
    """The gateway rejected the refund."""
    refund = lock_refund(tx, refund_id=refund_id)
    if refund.state is not RefundState.FAILED:
        _enter(refund, RefundState.FAILED)
    store.update_refund(tx, refund_id=refund_id, state=RefundState.FAILED, error=reason)
    event_log.append(tx, [events.RefundFailed(refund.order_id, refund_id, reason)], at=at)
    return refund


def retry(tx: WriteTx, *, refund_id: RefundId, at: datetime) -> Refund:
    """Retry a refund; the gateway is first asked whether it paid before."""
    refund = lock_refund(tx, refund_id=refund_id)
    _enter(refund, RefundState.REQUESTED)
    store.update_refund(tx, refund_id=refund_id, state=RefundState.REQUESTED, error="")
    event_log.append(
        tx, [events.RefundRequested(refund.order_id, refund_id, refund.amount_minor, refund.currency)], at=at
    )
    return refund
