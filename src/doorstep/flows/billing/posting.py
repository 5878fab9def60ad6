"""Request invoices and credit notes and post them to the ERP; record payments that channels report."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.model import DocumentState
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Accepted
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments.model import PaymentStatus
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.flows.billing import credit_note, invoice
from doorstep.flows.context import Context, Record, event_int, no_record
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import InvoiceId, OrderId
from doorstep.kernel.jobs import Delivery


def record_reported_payments(tx: WriteTx, *, accepted: Sequence[Accepted]) -> None:
    """Record the payments that channels report with their orders."""
    payments.record_channel_payment(tx, reported=[_reported(each) for each in accepted])


def _reported(each: Accepted) -> payments.ReportedPayment:
    order = each.incoming.snapshot
    status = PaymentStatus.CAPTURED if order.payment.is_paid else PaymentStatus.PENDING
    return payments.ReportedPayment(
        order_id=each.order_id,
        channel_id=each.incoming.connection_id,
        gateway=order.payment.gateway,
        order_reference=order.external_id,
        status=status.value,
        method=order.payment.method,
        amount_minor=max(order.payment.paid_minor or order.total_minor, 0),
        currency=order.currency,
        at=order.version_at,
        is_new=each.is_new,
    )


def request_invoices(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Request an invoice per dispatched shipment."""
    for delivery in deliveries:
        shipment = parcels.shipment(tx, shipment_id=event_int(delivery, "shipment_id"))
        if shipment.direction is Direction.OUTBOUND:
            orders.lock(tx, order_id=shipment.order_id)
            invoice.request(tx, shipment=shipment, now=context.clock.now())


def request_credit_notes(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Request a credit note per refunded return."""
    for delivery in deliveries:
        if delivery.data.get("return_id") is not None:
            orders.lock(tx, order_id=OrderId(delivery.key))
            credit_note.request(tx, return_id=event_int(delivery, "return_id"), now=context.clock.now())


class NotInvoicedYet(errors.Unavailable):
    """A credit note waits for the number of its invoice."""


def post_document(context: Context, delivery: Delivery) -> Record:
    """Post an invoice or credit note to the ERP once, and store its number."""
    invoice_id = InvoiceId(event_int(delivery, "invoice_id"))
    with context.db.read() as tx:
        stored = documents.invoice(tx, invoice_id=invoice_id)
        body = credit_note.with_original(tx, stored)
    if stored.state is DocumentState.ISSUED:
        return no_record
    if body is None:
        raise NotInvoicedYet("The invoice has no number yet: the credit note waits for it.")
    posted = context.partners.accounting().post(body)

    def record(tx: WriteTx) -> None:
        orders.lock(tx, order_id=stored.order_id)
        invoicing.issued(tx, invoice_id=invoice_id, number=posted.number, at=context.clock.now())

    return record


def mark_document_failed(context: Context, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """The ERP rejected the document: store the reason."""
    invoicing.failed(tx, invoice_id=InvoiceId(event_int(delivery, "invoice_id")), reason=str(problem))
