"""Sell-through and size coverage per location, for routing rules that sort by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.views import history
from doorstep.domain.routing.model import Demand, Supply
from doorstep.domain.routing.model.rules import Measure, RuleSet
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku


def load(tx: ReadTx, *, supply: Supply, document: RuleSet, demands: Sequence[Demand], at: datetime) -> None:
    """Add the signals that the rules use to the supply; usually none."""
    measures = {
        sort.by
        for run in document.runs
        for each in run.routings
        for rule in each.rules
        for sort in rule.choose
    }
    if Measure.VELOCITY in measures:
        supply.velocity = history.velocity(
            tx, skus={want.sku for each in demands for want in each.wants}, at=at
        )
    if Measure.BROKEN_STYLE in measures:
        supply.broken = _broken(tx, {want.style for each in demands for want in each.wants if want.style})


def _broken(tx: ReadTx, styles: Iterable[str]) -> Mapping[str, frozenset[LocationId]]:
    """Locations with some but not all SKUs of a style: better to sell those out than to break a full size run."""
    members = catalog.of_styles(tx, styles=styles)
    parts = [(sku, Condition.NEW) for skus in members.values() for sku in skus]
    free = stock.free(tx, parts=parts)
    return {style: _incomplete(skus, free) for style, skus in members.items()}


def _incomplete(
    skus: Sequence[Sku], free: Mapping[tuple[Sku, Condition], Mapping[LocationId, int]]
) -> frozenset[LocationId]:
    having = [
        {location for location, units in free.get((sku, Condition.NEW), {}).items() if units > 0}
        for sku in skus
    ]
    some = set[LocationId]().union(*having)
    return frozenset(some - some.intersection(*having))
