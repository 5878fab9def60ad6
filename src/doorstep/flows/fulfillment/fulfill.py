"""Accept, pick or reject a fulfillment order."""

from __future__ import annotations

from datetime import datetime, timedelta

from doorstep.domain.catalog import views as catalog
from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import Command
from doorstep.domain.fulfillment.model import RejectReason, Work, WorkLine
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import LineCount
from doorstep.domain.routing import actions as routing
from doorstep.domain.routing.actions import Block, Exclusion
from doorstep.domain.routing.views import rules
from doorstep.flows.allocation import allocation, replan
from doorstep.flows.fulfillment import stock_correction
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId


def locked_command(
    tx: WriteTx,
    fulfillment_order_id: FulfillmentOrderId,
    version: int | None,
    now: datetime,
    *,
    past_holds: bool = False,
) -> Command:
    """Lock the order and build the command. Raises Refused for a held order, unless `past_holds`."""
    order_id = fulfillment.order_of(tx, fulfillment_order_id=fulfillment_order_id)
    orders.lock(tx, order_id=order_id)
    holds = order_views.open_holds(tx, order_ids=[order_id])
    if holds and not past_holds:
        raise errors.Refused(f"The order is held: {holds[0].message.english()}")
    location_id = work_views.work(tx, fulfillment_order_id=fulfillment_order_id).location_id
    return Command(fulfillment_order_id, network.location(tx, location_id=location_id).code, now, version)


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
    before = work_views.work(tx, fulfillment_order_id=fulfillment_order_id)
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
