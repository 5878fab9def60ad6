"""Create cycle counts after a short pick; write off missing stock."""

from __future__ import annotations

import msgspec

from doorstep.domain.catalog import views as catalog
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import RejectReason, Work
from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import claims, counts
from doorstep.domain.inventory.actions.counts import MissingStock
from doorstep.domain.inventory.model import Condition
from doorstep.flows.context import Context, event_int
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku
from doorstep.kernel.jobs import Delivery


def open_counts(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Open a count of what a location rejected as not in stock, or of a discrepancy that a feed found."""
    rejected = [each for each in deliveries if each.data.get("reason") == RejectReason.NOT_IN_STOCK]
    works = [
        work_views.work(tx, fulfillment_order_id=event_int(each, "fulfillment_order_id")) for each in rejected
    ]
    doubted = [each for each in deliveries if str(each.data.get("cause", "")).startswith("feed/")]
    misses = _missed(tx, works) + [miss for each in doubted for miss in _doubtful(each)]
    counts.open_directed(tx, missing=misses, at=context.clock.now())


def _missed(tx: WriteTx, works: list[Work]) -> list[MissingStock]:
    """The components of what was to be picked."""
    parts = catalog.parts(tx, skus=[line.sku for work in works for line in work.lines])
    return [
        MissingStock(work.location_id, part.sku, Condition(part.condition), work.order_id)
        for work in works
        for line in work.lines
        for part in parts[line.sku]
    ]


def _doubtful(delivery: Delivery) -> list[MissingStock]:
    fact = msgspec.convert(delivery.data, events.DiscrepancyFound)
    return [
        MissingStock(
            LocationId(fact.location_id),
            Sku(each.sku),
            Condition(each.condition),
            each.order_ids[0] if each.order_ids else None,
        )
        for each in fact.positions
    ]


def write_off_missing(context: Context) -> int:
    """Write off missing units that no order has reserved any more; returns how many positions."""
    return context.db.transact(
        lambda tx: claims.write_off_missing(tx, at=context.clock.now()), actor="system"
    )
