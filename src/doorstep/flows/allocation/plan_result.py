"""The result of planning a batch, grouped for the modules that apply it: orders, fulfillment, stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from doorstep.domain.fulfillment.model import Assignment, WorkLine
from doorstep.domain.orders import events as order_events
from doorstep.domain.orders.model import LineCount, QueuePlacement
from doorstep.domain.routing.model import Choice, Decision, Lane
from doorstep.domain.routing.model.promise import promised_at
from doorstep.domain.routing.model.rules import Release, Run
from doorstep.flows.allocation import exception_queues
from doorstep.flows.allocation.eligible_stock import StockNeeds
from doorstep.flows.allocation.inputs import PlanningInputs
from doorstep.kernel.ids import LocationId, OrderId


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The result of planning a batch on locked stock. `receipt_ids` are the decision ids by order.

    `expected` has when a parcel leaves and arrives per order and location; `releases` how each run releases its work.
    `planned_since` is the time from which replanned work may be released (None: not a replan).
    """

    decisions: Sequence[Decision]
    receipt_ids: Mapping[int, int]
    codes: Mapping[LocationId, str]
    goods: StockNeeds
    queued: Mapping[OrderId, QueuePlacement] = field(default_factory=dict)
    promised: Mapping[OrderId, datetime] = field(default_factory=dict)
    expected: Mapping[tuple[OrderId, LocationId], Lane] = field(default_factory=dict)
    releases: Mapping[str, Release] = field(default_factory=dict)
    decided_at: datetime | None = None
    planned_since: Mapping[OrderId, datetime | None] | None = None

    @property
    def choices(self) -> Iterator[tuple[OrderId, Choice]]:
        return ((each.order_id, choice) for each in self.decisions for choice in each.choices)

    @property
    def assignments(self) -> list[Assignment]:
        """One fulfillment order per order and location."""
        lines: dict[tuple[OrderId, LocationId], list[WorkLine]] = {}
        for order_id, choice in self.choices:
            line = WorkLine(choice.line_no, choice.sku, choice.quantity)
            lines.setdefault((order_id, choice.location_id), []).append(line)
        by_order = {each.order_id: each for each in self.decisions}
        return [self._assignment(by_order[key[0]], key, each) for key, each in lines.items()]

    def _assignment(
        self, decision: Decision, key: tuple[OrderId, LocationId], lines: Sequence[WorkLine]
    ) -> Assignment:
        """Work that its run holds back or meters, or that waits for the rest of its order, is planned and not released."""
        release, lane = self.releases.get(decision.receipt.run), self.expected.get(key)
        leaves_at, arrives_at = (None, None) if lane is None else (lane.leaves_at, lane.arrives_at)
        if self.planned_since is not None:
            since = self.planned_since[decision.order_id]
            return Assignment(*key, tuple(lines), True, since, leaves_at, arrives_at)
        if release is None and not decision.hold_back:
            return Assignment(*key, tuple(lines), leaves_at=leaves_at, arrives_at=arrives_at)
        held = timedelta(minutes=0 if release is None else release.hold_minutes)
        return Assignment(
            *key,
            tuple(lines),
            planned=True,
            release_after=None if self.decided_at is None else self.decided_at + held,
            leaves_at=leaves_at,
            arrives_at=arrives_at,
            held_back=decision.hold_back,
        )

    @property
    def counts(self) -> list[LineCount]:
        """Units per line (a split line has several choices)."""
        total: dict[tuple[OrderId, int], int] = {}
        for order_id, choice in self.choices:
            key = (order_id, choice.line_no)
            total[key] = total.get(key, 0) + choice.quantity
        return [LineCount(order_id, line_no, quantity) for (order_id, line_no), quantity in total.items()]

    @property
    def routed(self) -> dict[OrderId, order_events.Allocated]:
        """Fully allocated orders."""
        return {
            each.order_id: order_events.Allocated(
                each.order_id,
                self.receipt_ids.get(each.order_id, 0),
                tuple(sorted({self.codes[choice.location_id] for choice in each.choices})),
            )
            for each in self.decisions
            if not each.short
        }

    @property
    def short(self) -> dict[OrderId, tuple[str, ...]]:
        """Orders with unallocated lines, and their missing SKUs."""
        return {
            each.order_id: tuple(sorted({want.sku for want in each.short}))
            for each in self.decisions
            if each.short
        }


EMPTY = PlanResult((), {}, {}, StockNeeds({}))


def build(
    seen: PlanningInputs, decisions: Sequence[Decision], receipt_ids: Mapping[int, int], *, now: datetime
) -> PlanResult:
    """Build the result of these decisions."""
    demands = {each.order_id: each for each in seen.demands}
    expected: dict[tuple[OrderId, LocationId], Lane] = {}
    promised: dict[OrderId, datetime] = {}
    for each in decisions:
        if each.choices:
            asked = demands[each.order_id]
            ways = seen.network.ways.lanes(asked)
            mine = {choice.location_id: ways[choice.location_id] for choice in each.choices}
            expected |= {(each.order_id, place): lane for place, lane in mine.items()}
            is_open = asked.facts.promised_at is None and not each.short
            if is_open and (arrives_at := promised_at(each.choices, asked, seen.network.ways)):
                promised[each.order_id] = arrives_at
    document = seen.playbook.document
    return PlanResult(
        decisions,
        receipt_ids,
        {each.id: each.code for each in seen.network.places.values()},
        seen.goods,
        queued=exception_queues.assign(
            decisions,
            document=document,
            tries={each.order_id: each.facts.tries for each in seen.demands},
            now=now,
        ),
        promised=promised,
        expected=expected,
        releases={run.name: run.release for run in document.runs if _holds_back(run)},
        decided_at=now,
    )


def _holds_back(run: Run) -> bool:
    """Whether its work is not released at once; scheduled runs are optimized first."""
    return bool(run.schedule) or run.release.mode != "at_once"
