"""Group the decisions of a batch by what is done with them: fulfillment orders, units, releases, promised dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from doorstep.domain.routing.model.demand import Choice, Demand
from doorstep.domain.routing.model.network import Lane, Lanes
from doorstep.domain.routing.model.plan import Decision
from doorstep.domain.routing.model.promise import promised_at
from doorstep.domain.routing.model.rules.document import Release, Run
from doorstep.kernel.ids import LocationId, OrderId, Sku


@dataclass(frozen=True, slots=True)
class LocationPart:
    """What one location fulfills of one order. Unless `is_planned`, it is released at once; `held_back` waits for the rest."""

    order_id: OrderId
    location_id: LocationId
    choices: tuple[Choice, ...]
    is_planned: bool = False
    release_after: datetime | None = None
    leaves_at: datetime | None = None
    arrives_at: datetime | None = None
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The decisions of a batch. `lanes` has when a parcel leaves and arrives per order and location, `promised` the dates of
    orders that had none, `releases` how the work of a run is released that is not released at once. `replanned` is the time from
    which work that was planned before may be released, by order (None: the orders are planned for the first time).
    """

    decisions: Sequence[Decision] = ()
    lanes: Mapping[tuple[OrderId, LocationId], Lane] = field(default_factory=dict)
    promised: Mapping[OrderId, datetime] = field(default_factory=dict)
    releases: Mapping[str, Release] = field(default_factory=dict)
    decided_at: datetime | None = None
    replanned: Mapping[OrderId, datetime | None] | None = None

    @property
    def choices(self) -> Iterator[tuple[OrderId, Choice]]:
        """Every choice with its order."""
        return ((each.order_id, choice) for each in self.decisions for choice in each.choices)

    @property
    def parts(self) -> list[LocationPart]:
        """One fulfillment order per order and location."""
        return [part for each in self.decisions for part in self._parts(each)]

    def _parts(self, decision: Decision) -> Iterator[LocationPart]:
        chosen: dict[LocationId, list[Choice]] = {}
        for choice in decision.choices:
            chosen.setdefault(choice.location_id, []).append(choice)
        is_planned, release_after, held_back = self._release(decision)
        for location, choices in chosen.items():
            lane = self.lanes.get((decision.order_id, location))
            leaves_at, arrives_at = (None, None) if lane is None else (lane.leaves_at, lane.arrives_at)
            yield LocationPart(
                decision.order_id,
                location,
                tuple(choices),
                is_planned,
                release_after,
                leaves_at,
                arrives_at,
                held_back,
            )

    def _release(self, decision: Decision) -> tuple[bool, datetime | None, bool]:
        """Whether its work is planned first (its run holds it back or meters it, or it waits for the rest of the order), from
        when it may be released, and whether it waits for the rest.
        """
        if self.replanned is not None:
            return True, self.replanned[decision.order_id], False
        release = self.releases.get(decision.explanation.run)
        if release is None and not decision.hold_back:
            return False, None, False
        held = timedelta(minutes=0 if release is None else release.hold_minutes)
        return True, None if self.decided_at is None else self.decided_at + held, decision.hold_back

    @property
    def units(self) -> dict[tuple[OrderId, int], int]:
        """Units per order and line (a split line has several choices)."""
        total: dict[tuple[OrderId, int], int] = {}
        for order_id, choice in self.choices:
            key = order_id, choice.line_no
            total[key] = total.get(key, 0) + choice.quantity
        return total

    @property
    def missing(self) -> dict[OrderId, tuple[Sku, ...]]:
        """Orders with unallocated lines, and their missing SKUs."""
        return {
            each.order_id: tuple(sorted({want.sku for want in each.short}))
            for each in self.decisions
            if each.short
        }


def result(
    decisions: Sequence[Decision],
    *,
    demands: Sequence[Demand],
    ways: Lanes,
    runs: Sequence[Run],
    now: datetime,
) -> Result:
    """The result of these decisions on these demands."""
    asked = {each.order_id: each for each in demands}
    lanes: dict[tuple[OrderId, LocationId], Lane] = {}
    promised: dict[OrderId, datetime] = {}
    for each in decisions:
        if not each.choices:
            continue
        demand = asked[each.order_id]
        open_lanes = ways.lanes(demand)
        lanes |= {
            (each.order_id, choice.location_id): open_lanes[choice.location_id] for choice in each.choices
        }
        is_open = demand.attributes.promised_at is None and not each.short
        if is_open and (arrives_at := promised_at(each.choices, demand, ways)):
            promised[each.order_id] = arrives_at
    releases = {run.name: run.release for run in runs if _is_released_later(run)}
    return Result(decisions, lanes, promised, releases, now)


def _is_released_later(run: Run) -> bool:
    """Whether its work is not released at once; scheduled runs are optimized first."""
    return bool(run.schedule) or run.release.mode != "at_once"
