"""Unreleased fulfillment orders that may still move, with their stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import NetworkClaims
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.model import Choice, Decision, Demand, DemandLine, Supply, stock_key
from doorstep.flows.allocation import demand, eligible_stock, inputs
from doorstep.flows.allocation.eligible_stock import StockNeeds
from doorstep.flows.allocation.inputs import PlanningInputs
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, OrderId

_StockPosition = tuple[str, LocationId]


@dataclass(frozen=True, slots=True)
class UnreleasedWork:
    """Orders with planned work. `inputs` have the stock and capacity as if that work did not exist."""

    inputs: PlanningInputs
    decisions: list[Decision]
    works: Mapping[OrderId, list[Work]]


def load(tx: ReadTx, *, at: datetime, limit: int) -> UnreleasedWork | None:
    """The planned work that ships first; None if there is too little to improve."""
    works: dict[OrderId, list[Work]] = {}
    for work in work_views.planned(tx, limit=limit):
        works.setdefault(work.order_id, []).append(work)
    if len(works) <= 1:
        return None
    parts = [
        _planned_part(each, works[each.order_id]) for each in demand.as_placed(tx, order_ids=list(works))
    ]
    goods = eligible_stock.needs(tx, skus={want.sku for each in parts for want in each.wants})
    claims = NetworkClaims(stock.requested(tx, parts=goods.locked_parts), frozenset())
    found = inputs.load(tx, demands=parts, goods=goods, claims=claims, at=at)
    everything = [work for each in works.values() for work in each]
    add_back(found.supply, everything, goods)
    found = replace(found, network=found.network.without(work.location_id for work in everything))
    stand = routing.decisions_of(tx, ids=[each[0].decision_id for each in works.values()])
    decisions = [
        Decision(
            each.order_id,
            tuple(_choices(works[each.order_id])),
            (),
            None,
            False,
            stand[each.order_id].explanation.routing,
            stand[each.order_id].explanation.rule,
            stand[each.order_id].explanation.scores,
            stand[each.order_id].explanation,
        )
        for each in found.demands
        if each.order_id in stand
    ]
    known = {each.order_id for each in decisions}
    return UnreleasedWork(
        replace(found, demands=[each for each in found.demands if each.order_id in known]), decisions, works
    )


def _planned_part(whole: Demand, works: Sequence[Work]) -> Demand:
    """Only the units that are planned and not released."""
    units: dict[int, int] = {}
    for work in works:
        for line in work.lines:
            units[line.line_no] = units.get(line.line_no, 0) + line.quantity
    wants = [_want(each, units[each.line_no]) for each in whole.wants if each.line_no in units]
    return replace(whole, wants=tuple(wants))


def _want(want: DemandLine, quantity: int) -> DemandLine:
    return DemandLine(
        want.line_no, want.sku, quantity, want.grams, want.value_minor, want.category, want.style
    )


def _choices(works: Sequence[Work]) -> list[Choice]:
    return [
        Choice(line.line_no, line.sku, work.location_id, line.quantity)
        for work in works
        for line in work.lines
    ]


def add_back(supply: Supply, works: Sequence[Work], goods: StockNeeds) -> None:
    """Add back the stock that this work reserved."""
    for work in works:
        for line in work.lines:
            for part, units in goods.parts[line.sku].items():
                here = supply.available.setdefault(stock_key(*part), {})
                location = LocationId(work.location_id)
                here[location] = here.get(location, 0) + units * line.quantity


@dataclass(frozen=True, slots=True)
class Move:
    """An order's planned work and its new plan."""

    works: Sequence[Work]
    decision: Decision

    @property
    def keys(self) -> set[_StockPosition]:
        """The stock positions that it leaves and those that it needs."""
        there = {(line.sku, work.location_id) for work in self.works for line in work.lines}
        return there | {(choice.sku, choice.location_id) for choice in self.decision.choices}
