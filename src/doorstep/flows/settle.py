"""Money and documents: payments as told, an invoice per shipment, refunds given once, a credit note per return."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.model import DocumentState
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import Accepted
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments import views as money_views
from doorstep.domain.payments.model import PaymentStatus, RefundObservation, RefundRequest, RefundResult, RefundState
from doorstep.domain.returns import actions as returns
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.flows import document
from doorstep.flows.world import Record, World, nothing, number
from doorstep.kernel import errors, money
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import InvoiceId, OrderId, RefundId
from doorstep.kernel.jobs import Delivery


def paid_as_told(tx: WriteTx, *, accepted: Sequence[Accepted]) -> None:
    """Keep what channels say of their orders' payments."""
    payments.told_by_channel(tx, told=[_told(each) for each in accepted])


def _told(each: Accepted) -> payments.Told:
    order = each.incoming.observation
    status = PaymentStatus.CAPTURED if order.payment.is_paid else PaymentStatus.PENDING
    return payments.Told(
        order_id=each.order_id,
        gateway=order.payment.gateway,
        order_reference=order.external_id,
        status=status.value,
        method=order.payment.method,
        amount_minor=max(order.payment.paid_minor or order.total_minor, 0),
        currency=order.currency,
        at=order.version_at,
    )


def request_invoices(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: what left to a customer is invoiced, per shipment."""
    for delivery in deliveries:
        shipment = parcels.shipment(tx, shipment_id=number(delivery, "shipment_id"))
        if shipment.direction is Direction.OUTBOUND:
            orders.lock(tx, order_id=shipment.order_id)
            document.request_invoice(tx, shipment=shipment, now=world.clock.now())


def request_credit_notes(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: what was refunded for a return is credited in the books."""
    for delivery in deliveries:
        if delivery.data.get("return_id") is not None:
            orders.lock(tx, order_id=OrderId(delivery.key))
            document.request_credit_note(tx, return_id=number(delivery, "return_id"), now=world.clock.now())


class NotInvoicedYet(errors.Unavailable):
    """A credit note waits for the number of its invoice."""


def post_document(world: World, delivery: Delivery) -> Record:
    """Errand: post an invoice or credit note to the books, once; its number comes back onto the shipment."""
    invoice_id = InvoiceId(number(delivery, "invoice_id"))
    with world.db.read() as tx:
        invoice = documents.invoice(tx, invoice_id=invoice_id)
        body = document.with_original(tx, invoice)
    if invoice.state is DocumentState.ISSUED:
        return nothing
    if body is None:
        raise NotInvoicedYet("The invoice of the goods has no number yet: the credit note waits for it.")
    posted = world.partners.accounting().post(body)

    def record(tx: WriteTx) -> None:
        orders.lock(tx, order_id=invoice.order_id)
        invoicing.issued(tx, invoice_id=invoice_id, number=posted.number, at=world.clock.now())

    return record


def document_given_up(world: World, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """Last word: the books refused the document; the reason stands on it."""
    invoicing.failed(tx, invoice_id=InvoiceId(number(delivery, "invoice_id")), reason=str(problem))


def give_refund(world: World, delivery: Delivery) -> Record:
    """Errand: give money back once. Asked before? Then the gateway is first asked whether it paid."""
    refund_id = RefundId(number(delivery, "refund_id"))
    with world.db.write(actor="system", trace_id=delivery.trace_id) as tx:
        orders.lock(tx, order_id=OrderId(delivery.key))
        refund = payments.lock_refund(tx, refund_id=refund_id)
        if refund.state is RefundState.SUCCEEDED:
            return nothing
        tender = payments.choose_tender(tx, refund=refund)
        asked_before = payments.about_to_ask(tx, refund=refund, at=world.clock.now())
        if refund.return_id is not None:
            returns.refund_asked(tx, return_id=refund.return_id, at=world.clock.now())
        order_number = order_views.order(tx, order_id=refund.order_id).header.number
    amount = money.Money(refund.amount_minor, refund.currency)
    request = RefundRequest(refund_id, refund.reference, tender.external_id or "", amount, refund.reason, order_number)
    gateway = world.partners.gateway(tender.gateway)
    result = gateway.find_refund(request) if asked_before else None
    if result is None:
        result = gateway.refund(request)
    if result.state is RefundState.FAILED:
        raise errors.Refused(f"The gateway did not carry out refund {refund.reference}.")

    def record(tx: WriteTx) -> None:
        _credit(tx, refund_id=refund_id, order_id=refund.order_id, result=result, now=world.clock.now())

    return record


def _credit(tx: WriteTx, *, refund_id: RefundId, order_id: OrderId, result: RefundResult, now: datetime) -> None:
    orders.lock(tx, order_id=order_id)
    credited = payments.credited(tx, refund_id=refund_id, result=result, at=now)
    if credited is not None and credited.return_id is not None:
        returns.refunded(tx, return_id=credited.return_id, at=now)


def refund_given_up(world: World, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """Last word: the money did not move, or nobody knows; it stands so on the order and the return."""
    refund_id, now = RefundId(number(delivery, "refund_id")), world.clock.now()
    orders.lock(tx, order_id=OrderId(delivery.key))
    if isinstance(problem, errors.Unavailable) and not isinstance(problem, payments.NoTender):
        refund = payments.doubt(tx, refund_id=refund_id, reason=str(problem), at=now)
        if refund.return_id is not None:
            returns.refund_doubted(tx, return_id=refund.return_id, at=now)
    else:
        refund = payments.failed(tx, refund_id=refund_id, reason=str(problem), at=now)
        if refund.return_id is not None:
            returns.refund_failed(tx, return_id=refund.return_id, at=now)


def retry_refund(tx: WriteTx, *, refund_id: RefundId, now: datetime) -> None:
    """A person wants the refund tried again."""
    orders.lock(tx, order_id=money_views.refund(tx, refund_id=refund_id).order_id)
    refund = payments.retry(tx, refund_id=refund_id, at=now)
    if refund.return_id is not None:
        returns.refund_triggered(tx, return_id=refund.return_id, at=now)


def refund_observed(tx: WriteTx, *, seen: RefundObservation, now: datetime) -> None:
    """The gateway tells of a refund: if it is ours and not recorded, its answer was lost; others are not ours to book."""
    refund = money_views.refund_by_reference(tx, reference=seen.reference) if seen.reference else None
    if refund is not None and seen.state is RefundState.SUCCEEDED:
        result = RefundResult(seen.external_id, seen.state, arrived=True)
        _credit(tx, refund_id=refund.id, order_id=refund.order_id, result=result, now=now)
