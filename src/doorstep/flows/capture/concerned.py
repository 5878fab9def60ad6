"""The stored orders that messages are about, so that a batch locks all of them at once, before it changes any."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model.warehouse import WarehouseShipment, WarehouseUpdate
from doorstep.domain.inventory.model.reports import GoodsReport, StockReport
from doorstep.domain.notifications.model import ContactChoice, CustomerText, DeliveryReceipt
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments import views as money_views
from doorstep.domain.payments.model import PaymentSnapshot, RefundSnapshot
from doorstep.domain.returns.model import ReturnSnapshot
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import TrackingSnapshot
from doorstep.flows.notify import replies
from doorstep.flows.stock import warehouse_stock
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId, Sku


def references_of(seen: Iterable[object]) -> list[str]:
    """The ids by which channels know the orders that messages pay for or bring."""
    paid = [
        (each.external_id if isinstance(each, OrderSnapshot) else each.order_reference)
        for each in seen
        if isinstance(each, OrderSnapshot | PaymentSnapshot)
    ]
    return [reference for reference in paid if reference]


def orders_of(tx: ReadTx, seen: Sequence[tuple[int, object]]) -> list[OrderId]:
    """The orders that payments, refunds, returns and scans name; each comes with the connection that sent it."""
    named: set[str] = set()
    found: set[OrderId] = set()
    for connection_id, each in seen:
        match each:
            case PaymentSnapshot(order_reference=reference) if reference:
                named.add(reference)
            case ReturnSnapshot():
                named.add(each.order_external_id)
            case RefundSnapshot(reference=reference) if reference:
                refund = money_views.refund_by_reference(tx, reference=reference)
                found |= {refund.order_id} if refund is not None else set()
            case WarehouseUpdate() | WarehouseShipment():
                order = work_views.by_reference(tx, connection_id=connection_id, reference=each.reference)
                found |= {order.order_id} if order is not None else set()
            case TrackingSnapshot():
                shipments = parcels.tracked(
                    tx,
                    connection_id=connection_id,
                    tracking_number=each.tracking_number,
                    external_id=each.external_id,
                )
                found |= {shipment.order_id for shipment in shipments}
            case DeliveryReceipt() | CustomerText() | ContactChoice():
                order_id = replies.order_of(tx, connection_id, each)
                found |= {order_id} if order_id is not None else set()
    if named:
        found |= set(order_views.with_external_ids(tx, external_ids=named))
    return sorted(found)


def skus_of(tx: ReadTx, seen: Sequence[tuple[int, object]]) -> set[Sku]:
    """The SKUs that reports of stock are about. One whose location is not mapped yet fails when it is applied."""
    found: set[Sku] = set()
    for connection_id, each in seen:
        if isinstance(each, StockReport | GoodsReport):
            with contextlib.suppress(errors.Invalid):
                found |= warehouse_stock.skus_of(tx, connection_id=connection_id, seen=each)
    return found
