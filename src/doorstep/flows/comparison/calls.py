"""What each call that was kept would have done, as facts that can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from doorstep.domain.connections.actions.comparisons import Deed
from doorstep.domain.connections.model import Connection
from doorstep.domain.connections.model.comparison import Fact, Facts, Operation, units
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.inventory.views import publishing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.payments import views as money
from doorstep.domain.returns import views as returns
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.views import Shipment
from doorstep.flows.comparison import facts
from doorstep.kernel.db import ReadTx
from doorstep.kernel.jobs import Shadowed
from doorstep.kernel.money import Money

_OPERATIONS: Mapping[str, Operation] = {
    "channel.confirm_shipment": Operation.CONFIRM_SHIPMENT,
    "channel.report_delivery": Operation.REPORT_DELIVERY,
    "channel.approve_return": Operation.APPROVE_RETURN,
    "channel.close_return": Operation.CLOSE_RETURN,
    "stock.publish": Operation.PUBLISH_STOCK,
    "shipping.buy_label": Operation.BUY_LABEL,
    "billing.post_document": Operation.POST_DOCUMENT,
    "payments.issue_refund": Operation.REFUND,
    "warehouse.send": Operation.SEND_TO_WAREHOUSE,
    "warehouse.cancel": Operation.CANCEL_AT_WAREHOUSE,
}


def operation_of(subscriber: str) -> Operation:
    """What kind of call a subscriber makes; whatever is not named here writes to customers."""
    return _OPERATIONS.get(subscriber, Operation.SEND_MESSAGE)


def deeds(tx: ReadTx, *, connection: Connection, call: Shadowed) -> list[Deed]:
    """What a call would have done: one deed, of stock levels one for each SKU."""
    operation = operation_of(call.subscriber)
    if operation is Operation.PUBLISH_STOCK:
        return _levels(tx, connection, call)
    reference, order_id, ours = _of(tx, connection, operation, call)
    occurred_at = call.occurred_at
    return [Deed(connection.id, operation, reference, call.id, order_id, occurred_at, dict(ours))]


def _of(
    tx: ReadTx, connection: Connection, operation: Operation, call: Shadowed
) -> tuple[str, int | None, Facts]:
    """Reference, order and facts of a call."""
    if operation in {Operation.CONFIRM_SHIPMENT, Operation.REPORT_DELIVERY, Operation.BUY_LABEL}:
        shipment = parcels.shipment(tx, shipment_id=number(call, "shipment_id"))
        return shipment.reference, shipment.order_id, _shipment(tx, connection, operation, shipment)
    if operation in {Operation.APPROVE_RETURN, Operation.CLOSE_RETURN}:
        each = returns.one(tx, return_id=number(call, "return_id"))
        state = "approved" if operation is Operation.APPROVE_RETURN else "closed"
        return f"return-{each.id}", each.order_id, {Fact.SUBJECT: each.number, Fact.STATE: state}
    if operation is Operation.POST_DOCUMENT:
        stored = documents.invoice(tx, invoice_id=number(call, "invoice_id"))
        total = Money(stored.document.total_minor, stored.document.currency)
        return stored.reference, stored.order_id, {Fact.DOCUMENT: stored.reference, Fact.AMOUNT: str(total)}
    if operation is Operation.REFUND:
        refund = money.refund(tx, refund_id=number(call, "refund_id"))
        amount = str(Money(refund.amount_minor, refund.currency))
        return refund.reference, refund.order_id, {Fact.AMOUNT: amount}
    if operation in {Operation.SEND_TO_WAREHOUSE, Operation.CANCEL_AT_WAREHOUSE}:
        work = work_views.work(tx, fulfillment_order_id=number(call, "fulfillment_order_id"))
        counts = Counter[str]()
        for line in work.lines:
            counts[line.sku] += line.quantity
        return f"FO-{work.id}", work.order_id, {Fact.UNITS: units(counts)}
    order_id = call.key if call.stream == "order" else None
    return f"{call.subscriber}-{call.id}", order_id, {Fact.SUBJECT: call.event_type}


def number(call: Shadowed, name: str) -> int:
    """An id from the data of a call's event."""
    return int(str(call.data[name]))


def _shipment(tx: ReadTx, connection: Connection, operation: Operation, shipment: Shipment) -> Facts:
    if operation is Operation.BUY_LABEL:
        return {Fact.UNITS: facts.units_of(shipment), Fact.WEIGHT: f"{shipment.weight_grams} g"}
    if operation is Operation.REPORT_DELIVERY:
        day = f"{shipment.delivered_at:%Y-%m-%d}" if shipment.delivered_at else ""
        return {Fact.TRACKING_NUMBER: shipment.tracking_number, Fact.DELIVERED_ON: day}
    return facts.confirmed(tx, channel_id=connection.id, shipment=shipment)


def _levels(tx: ReadTx, connection: Connection, call: Shadowed) -> list[Deed]:
    """The levels that the call has, with their newest values, by the channel's names of the SKUs."""
    levels = publishing.in_call(tx, connection_id=connection.id)
    skus = [each.sku for each in levels]
    listings = maps.sources(tx, connection_id=connection.id, kind=MapKind.SKU, targets=skus)
    found = [
        Deed(
            connection.id,
            Operation.PUBLISH_STOCK,
            name,
            call.id,
            None,
            each.changed_at,
            {Fact.SUBJECT: each.sku, Fact.LEVEL: str(each.available)},
        )
        for each in levels
        for name in listings.get(each.sku, [each.sku])
    ]
    if found:
        return found
    reference, nothing = f"{call.subscriber}-{call.id}", {Fact.SUBJECT: call.event_type}
    return [Deed(connection.id, Operation.PUBLISH_STOCK, reference, call.id, None, call.occurred_at, nothing)]
