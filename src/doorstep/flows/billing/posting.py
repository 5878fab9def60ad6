"""Request invoices and credit notes and post them to the ERP; record payments that channels report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from doorstep.domain.connections.actions import maps as map_actions
from doorstep.domain.connections.model import Kind, choice
from doorstep.domain.connections.model.choice import Serves
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.model import Document, DocumentState, NoTaxAccount
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Accepted
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments.model import PaymentStatus
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.flows.billing import credit_note, invoice
from doorstep.flows.context import Context, Record, event_int, follow, no_record
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import InvoiceId, OrderId
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Pending


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
    found = [parcels.shipment(tx, shipment_id=event_int(each, "shipment_id")) for each in deliveries]
    orders.lock_all(tx, order_ids={each.order_id for each in found})
    for shipment in found:
        if shipment.direction is Direction.OUTBOUND:
            invoice.request(tx, shipment=shipment, now=context.clock.now())


def request_credit_notes(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Request a credit note per refunded return."""
    orders.lock_all(tx, order_ids={OrderId(delivery.key) for delivery in deliveries})
    for delivery in deliveries:
        if delivery.data.get("return_id") is not None:
            credit_note.request(tx, return_id=event_int(delivery, "return_id"), now=context.clock.now())


class NotInvoicedYet(errors.Unavailable):
    """A credit note waits for the number of its invoice."""


def partner(context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The accounting system of each delivery's document: that of its legal entity."""
    systems = context.partners.of_kind(Kind.ERP)
    wanted = {each.id: event_int(each, "invoice_id") for each in deliveries}
    entities = documents.legal_entities(tx, invoice_ids=list(wanted.values()))
    chosen = {
        each: choice.choose(systems, Serves.LEGAL_ENTITIES, entities.get(invoice_id, ""))
        for each, invoice_id in wanted.items()
    }
    return {each: connection.id for each, connection in chosen.items() if connection is not None}


def post_document(context: Context, delivery: Delivery) -> Record | Pending:
    """Post an invoice or credit note to the ERP once, and store its number. A repeat looks first what the ERP has."""
    invoice_id = InvoiceId(event_int(delivery, "invoice_id"))
    with context.db.read() as tx:
        stored = documents.invoice(tx, invoice_id=invoice_id)
        body = credit_note.with_original(tx, stored)
    if stored.state is DocumentState.ISSUED:
        return no_record
    if body is None:
        raise NotInvoicedYet("The invoice has no number yet: the credit note waits for it.")
    accounting = context.partners.accounting(body.seller.company)
    if delivery.handle is not None and isinstance(pending := follow(accounting, delivery.handle), Pending):
        return pending
    found = accounting.find(body) if delivery.attempts > 1 else None
    posted = accounting.post(_with_accounts(context, delivery, body)) if found is None else found
    if isinstance(posted, Pending):
        return posted

    def record(tx: WriteTx) -> None:
        orders.lock(tx, order_id=stored.order_id)
        invoicing.issued(tx, invoice_id=invoice_id, number=posted.number, at=context.clock.now())

    return record


def _with_accounts(context: Context, delivery: Delivery, body: Document) -> Document:
    """The document with the ERP's accounts of its taxes, where they are mapped."""
    kinds = {tax.kind for line in body.lines for tax in line.taxes}
    with context.db.read() as tx:
        of = partner(context, tx, [delivery])[delivery.id]
        found = maps.targets(tx, connection_id=of, kind=MapKind.TAX, sources=kinds)
    return replace(body, tax_accounts=found)


def mark_document_failed(context: Context, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """The ERP rejected the document: store the reason. Taxes without an account are listed as not mapped."""
    of = partner(context, tx, [delivery]).get(delivery.id)
    if isinstance(problem, NoTaxAccount) and of is not None:
        map_actions.translate(tx, names=[(MapKind.TAX, of, tax) for tax in problem.taxes], ours={})
    invoicing.failed(tx, invoice_id=InvoiceId(event_int(delivery, "invoice_id")), reason=str(problem))
