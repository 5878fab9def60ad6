"""What a message can report, and which function applies each kind. Orders and hints are applied by the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from doorstep.domain.connections.actions import files
from doorstep.domain.connections.model import Connection, FileRetry, Hint, InboxMessage
from doorstep.domain.fulfillment.model.warehouse import WarehouseShipment, WarehouseUpdate
from doorstep.domain.inventory.model.reports import GoodsReport, StockReport
from doorstep.domain.notifications.model import ContactChoice, CustomerText, DeliveryReceipt
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments.model import PaymentSnapshot, RefundSnapshot
from doorstep.domain.returns.model import ReturnSnapshot
from doorstep.domain.shipping.model import TrackingSnapshot
from doorstep.flows.context import Context
from doorstep.flows.fulfillment import warehouse_reports, warehouse_shipments
from doorstep.flows.notify import replies
from doorstep.flows.payments import match_order, refund
from doorstep.flows.returns import create
from doorstep.flows.shipping import tracking
from doorstep.flows.stock import warehouse_stock
from doorstep.kernel.db import WriteTx

Reported = (
    OrderSnapshot
    | PaymentSnapshot
    | RefundSnapshot
    | ReturnSnapshot
    | TrackingSnapshot
    | replies.Reply
    | WarehouseUpdate
    | WarehouseShipment
    | StockReport
    | GoodsReport
    | Hint
    | FileRetry
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that one message reports."""

    message: InboxMessage
    connection: Connection
    reported: object


def _payment(context: Context, tx: WriteTx, each: Observation, reported: PaymentSnapshot) -> None:
    match_order.record_reported(
        context, tx, sender=each.connection, seen=reported, trace_id=each.message.trace_id
    )


def _refund(context: Context, tx: WriteTx, _each: Observation, reported: RefundSnapshot) -> None:
    refund.record_reported(tx, seen=reported, now=context.clock.now())


def _return(context: Context, tx: WriteTx, each: Observation, reported: ReturnSnapshot) -> None:
    create.record_reported(
        context, tx, connection_id=each.connection.id, seen=reported, trace_id=each.message.trace_id
    )


def _tracking(_context: Context, tx: WriteTx, each: Observation, reported: TrackingSnapshot) -> None:
    tracking.track(tx, connection_id=each.connection.id, seen=reported, trace_id=each.message.trace_id)


def _file(_context: Context, tx: WriteTx, each: Observation, reported: FileRetry) -> None:
    files.read_again(tx, connection_id=each.connection.id, transfer_id=reported.transfer_id)


def _reply(context: Context, tx: WriteTx, each: Observation, reported: replies.Reply) -> None:
    replies.record(context, tx, each.connection.id, reported)


def _update(context: Context, tx: WriteTx, each: Observation, reported: WarehouseUpdate) -> None:
    sender, trace_id = each.connection.id, each.message.trace_id
    warehouse_reports.update(
        tx, connection_id=sender, seen=reported, trace_id=trace_id, now=context.clock.now()
    )


def _shipment(context: Context, tx: WriteTx, each: Observation, reported: WarehouseShipment) -> None:
    sender, trace_id = each.connection.id, each.message.trace_id
    warehouse_shipments.ship(
        tx, connection_id=sender, seen=reported, trace_id=trace_id, now=context.clock.now()
    )


def _stock(context: Context, tx: WriteTx, each: Observation, reported: StockReport) -> None:
    warehouse_stock.count(tx, connection=each.connection, seen=reported, now=context.clock.now())


def _goods(context: Context, tx: WriteTx, each: Observation, reported: GoodsReport) -> None:
    warehouse_stock.receive(tx, connection=each.connection, seen=reported, now=context.clock.now())


OBSERVATIONS: Mapping[type, Callable[..., None]] = {
    FileRetry: _file,
    GoodsReport: _goods,
    StockReport: _stock,
    WarehouseShipment: _shipment,
    WarehouseUpdate: _update,
    PaymentSnapshot: _payment,
    RefundSnapshot: _refund,
    ReturnSnapshot: _return,
    TrackingSnapshot: _tracking,
    DeliveryReceipt: _reply,
    CustomerText: _reply,
    ContactChoice: _reply,
}


def apply(context: Context, tx: WriteTx, each: Observation) -> None:
    """Apply an observation that is neither order nor hint. A kind without a row here is a bug of its connector."""
    handler = OBSERVATIONS.get(type(each.reported))
    if handler is None:
        raise TypeError(f"no flow handles a {type(each.reported).__name__}")
    with tx.acting(f"connection:{each.connection.key}"):
        handler(context, tx, each, each.reported)
