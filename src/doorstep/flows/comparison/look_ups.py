"""Ask partners what they have: the document, the label, the payment, the stock level. Outside any transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from doorstep.domain.connections.actions.comparisons import Comparison
from doorstep.domain.connections.model import Connection, Feature
from doorstep.domain.connections.model.comparison import Compared, Fact, Operation, Result, compare
from doorstep.domain.invoicing import views as documents
from doorstep.domain.payments import views as money_views
from doorstep.domain.payments.model import RefundState
from doorstep.domain.returns import views as returns
from doorstep.domain.returns.model import ReturnRequestStatus
from doorstep.domain.shipping import views as parcels
from doorstep.flows.billing import credit_note
from doorstep.flows.comparison import calls
from doorstep.flows.context import Context
from doorstep.flows.payments import gateways
from doorstep.flows.shipping import label_request
from doorstep.kernel import jobs
from doorstep.kernel.jobs import Shadowed
from doorstep.kernel.message import Message
from doorstep.kernel.money import Money

LookUp = Callable[[Context, Connection, Comparison, Shadowed], Compared | None]
_NO_DOCUMENT = Message("The ERP has no document under this reference.")
_NO_NUMBER = Message("The document waits for the number of its invoice.")
_NOT_REFUNDED = Message("The gateway has refunded nothing of the payment.")
_SILENT_GATEWAY = Message("The gateway does not say what it has refunded of a payment.")
_NO_PAYMENT = Message("The gateway's id of the payment is not known yet.")
_NO_LEVEL = Message("The channel does not have this listing.")
_UNREADABLE = Message("This connector cannot read the channel's stock levels.")
_STILL_REQUESTED = Message("The return waits for an answer at the channel.")
_NOT_CLOSED = Message("The return is open at the channel.")


def label(context: Context, connection: Connection, _each: Comparison, call: Shadowed) -> Compared | None:
    """The label that the carrier has under our reference; None: the channel must say what came."""
    with context.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=calls.number(call, "shipment_id"))
        parcel = parcels.in_parcel(tx, parcel_id=shipment.parcel_id)
        request = label_request.label_request(tx, parcel=parcel, packaging=context.packaging)
    found = context.partners.carrier(connection.id).find_label(request)
    if found is None:
        return None
    theirs = {Fact.TRACKING_NUMBER: found.tracking_number, Fact.CARRIER: found.carrier}
    return Compared(Result.SAME, theirs)


def document(context: Context, _connection: Connection, each: Comparison, call: Shadowed) -> Compared:
    """The document that the ERP has under our reference."""
    with context.db.read() as tx:
        stored = documents.invoice(tx, invoice_id=calls.number(call, "invoice_id"))
        body = credit_note.with_original(tx, stored)
    if body is None:
        return Compared(Result.OPEN, reason=_NO_NUMBER)
    found = context.partners.accounting(body.seller.company).find(body)
    if found is None:
        return Compared(Result.ONLY_OURS, reason=_NO_DOCUMENT)
    theirs = {Fact.DOCUMENT: found.number}
    return compare({Fact.AMOUNT: each.ours.get(Fact.AMOUNT, "")}, theirs)


def refund(context: Context, _connection: Connection, each: Comparison, call: Shadowed) -> Compared:
    """What was refunded of the payment at the gateway, less what we know of."""
    with context.db.read() as tx:
        wanted = money_views.refund(tx, refund_id=calls.number(call, "refund_id"))
        refunds = money_views.refunds(tx, order_id=wanted.order_id)
        payments = money_views.of_order(tx, order_id=wanted.order_id)
    payment = next((one for one in payments if one.id == wanted.payment_id), None)
    if payment is None or not payment.external_id:
        return Compared(Result.OPEN, reason=_NO_PAYMENT)
    gateway = context.partners.gateway(gateways.of_payment(context, payment).id)
    found = gateway.payment(external_id=payment.external_id)
    if found.refunded_minor is None:
        return Compared(Result.OPEN, reason=_SILENT_GATEWAY)
    ours = [one for one in refunds if one.payment_id == payment.id and one.state is RefundState.SUCCEEDED]
    theirs = found.refunded_minor - sum(one.amount_minor for one in ours)
    if theirs <= 0:
        return Compared(Result.ONLY_OURS, reason=_NOT_REFUNDED)
    return compare(each.ours, {Fact.AMOUNT: str(Money(theirs, wanted.currency))})


def returned(context: Context, _connection: Connection, each: Comparison, call: Shadowed) -> Compared:
    """What the channel's own messages say of a return."""
    with context.db.read() as tx:
        status = returns.one(tx, return_id=calls.number(call, "return_id")).channel_status
    if each.operation is Operation.APPROVE_RETURN and status == ReturnRequestStatus.REQUESTED:
        return Compared(Result.ONLY_OURS, reason=_STILL_REQUESTED)
    if each.operation is Operation.CLOSE_RETURN and status == ReturnRequestStatus.OPEN:
        return Compared(Result.ONLY_OURS, reason=_NOT_CLOSED)
    refused = status in {ReturnRequestStatus.DECLINED, ReturnRequestStatus.CANCELED}
    theirs = {Fact.STATE: status if refused else each.ours[Fact.STATE]}
    return compare({Fact.STATE: each.ours[Fact.STATE]}, theirs)


LOOK_UPS: Mapping[Operation, LookUp] = {
    Operation.BUY_LABEL: label,
    Operation.POST_DOCUMENT: document,
    Operation.REFUND: refund,
    Operation.APPROVE_RETURN: returned,
    Operation.CLOSE_RETURN: returned,
}
ASKS_NOBODY = frozenset({Operation.APPROVE_RETURN, Operation.CLOSE_RETURN})


def kept_call(context: Context, each: Comparison) -> Shadowed | None:
    """The call of a comparison, while it is kept."""
    with context.db.read() as tx:
        found = jobs.kept(tx, ids=[] if each.delivery_id is None else [each.delivery_id])
    return found[0] if found else None


def levels(context: Context, connection: Connection, due: Sequence[Comparison]) -> list[Compared]:
    """The channel's stock levels beside ours, all in one call."""
    if not context.partners.offers(connection.id, Feature.READ_STOCK):
        return [Compared(Result.OPEN, reason=_UNREADABLE) for _each in due]
    found = context.partners.stock_reader(connection.id).read_stock([each.reference for each in due])
    return [_level(each, found.get(each.reference)) for each in due]


def _level(each: Comparison, level: int | None) -> Compared:
    if level is None:
        return Compared(Result.ONLY_OURS, reason=_NO_LEVEL)
    return compare({Fact.LEVEL: each.ours.get(Fact.LEVEL, "")}, {Fact.LEVEL: str(level)})
