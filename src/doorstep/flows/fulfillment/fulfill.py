"""Accept, pick or reject a fulfillment order."""

from __future__ import annotations

from datetime import datetime, timedelta

from doorstep.domain.catalog import views as catalog
from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import Command, warehouse
from doorstep.domain.fulfillment.model import RejectReason, Work, WorkLine
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.domain.routing import actions as routing
from doorstep.domain.routing.actions import Block, Exclusion
from doorstep.domain.routing.views import rules
from doorstep.flows.allocation import allocation, replan
from doorstep.flows.fulfillment import stock_correction
from doorstep.flows.fulfillment.commands import locked_command
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId


def accept(
    tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, now: datetime, version: int | None = None
) -> None:
    """Accept a fulfillment order."""
    fulfillment.accept(tx, command=locked_command(tx, fulfillment_order_id, version, now))


def pick(
    tx: WriteTx,
    *,
    fulfillment_order_id: FulfillmentOrderId,
    code: str,
    now: datetime,
    version: int | None = None,
) -> WorkLine:
    """Pick one unit by scanning its SKU or barcode; returns its line. Raises WrongScan."""
    locked = locked_command(tx, fulfillment_order_id, version, now)
    skus = [line.sku for line in work_views.work(tx, fulfillment_order_id=fulfillment_order_id).lines]
    barcodes = catalog.barcodes(tx, skus=skus)
    work, line = fulfillment.pick(tx, command=locked, code=code.strip(), barcodes=barcodes)
    orders.count(tx, counters=["picked"], counts=[LineCount(work.order_id, line.line_no, 1)])
    return line


def pick_all(
    tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, now: datetime, version: int | None = None
) -> None:
    """Pick all remaining units without scanning."""
    locked = locked_command(tx, fulfillment_order_id, version, now)
    picked = fulfillment.pick_all(tx, command=locked)
    order_id = fulfillment.order_of(tx, fulfillment_order_id=fulfillment_order_id)
    orders.count(
        tx, counters=["picked"], counts=[LineCount(order_id, line.line_no, line.quantity) for line in picked]
    )


def reject_for_warehouse(
    tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, reason: RejectReason, note: str, now: datetime
) -> None:
    """Reject work that its warehouse does not do, or does no longer."""
    locked = locked_command(tx, fulfillment_order_id, None, now, past_holds=True, for_warehouse=True)
    _reject(tx, locked, reason, note)


def keep(tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, note: str, now: datetime) -> None:
    """The warehouse could not stop recalled work: the recall is declined."""
    locked = locked_command(tx, fulfillment_order_id, None, now, past_holds=True, for_warehouse=True)
    if work_views.work(tx, fulfillment_order_id=fulfillment_order_id).recall_requested:
        fulfillment.decline_recall(tx, command=locked, note=note)


def reject(
    tx: WriteTx,
    *,
    fulfillment_order_id: FulfillmentOrderId,
    reason: RejectReason,
    note: str,
    now: datetime,
    version: int | None = None,
) -> None:
    """Reject a fulfillment order: release and correct its stock, and allocate its lines elsewhere."""
    locked = locked_command(tx, fulfillment_order_id, version, now, past_holds=True)
    _reject(tx, locked, reason, note)


def _reject(tx: WriteTx, locked: Command, reason: RejectReason, note: str) -> None:
    now, work_id = locked.at, locked.fulfillment_order_id
    before = work_views.work(tx, fulfillment_order_id=work_id)
    order = work_views.at_warehouse(tx, fulfillment_order_ids=[work_id]).get(work_id)
    if order is not None:
        warehouse.drop_unsent(tx, order=order, reason=note)
    work = fulfillment.reject(tx, command=locked, reason=reason, note=note)
    planned = replan.withdraw(tx, order_ids=[work.order_id])
    ended = {f"rejected: {reason.value}": [before], replan.REPLANNED: planned}
    allocation.unallocate(tx, ended=ended, now=now)
    for line in work.lines:
        stock_correction.correct(tx, work=work, line=line, reason=reason, now=now)
    _exclude(tx, work, reason, now)
    orders.reroute(tx, order_ids=[work.order_id], now=now)


def _exclude(tx: WriteTx, work: Work, reason: RejectReason, now: datetime) -> None:
    """Exclude the location by the rules: for how long, and for these lines, the whole order, or the SKUs."""
    rejected = rules.compiled_rules(tx).document.rejected
    until, here = now + timedelta(days=rejected.days), work.location_id
    if rejected.scope == "sku":
        routing.block(tx, blocks=[Block(line.sku, here, reason.value, until) for line in work.lines])
    named = [""] if rejected.scope == "order" else sorted({line.sku for line in work.lines})
    routing.exclude(
        tx, exclusions=[Exclusion(work.order_id, sku, here, reason.value, until) for sku in named]
    )
