"""The result of planning a batch, in the terms of the modules that apply it: orders, fulfillment, stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from doorstep.domain.fulfillment.model import Assignment, WorkLine
from doorstep.domain.orders import events as order_events
from doorstep.domain.orders.model import LineCount, QueuePlacement
from doorstep.domain.routing.model import Decision
from doorstep.domain.routing.model.result import LocationPart, Result, result
from doorstep.flows.allocation import exception_queues
from doorstep.flows.allocation.eligible_stock import StockNeeds
from doorstep.flows.allocation.inputs import PlanningInputs
from doorstep.kernel.ids import LocationId, OrderId


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The result of planning a batch on locked stock. `decision_ids` are the decision ids by order."""

    planned: Result
    decision_ids: Mapping[int, int]
    codes: Mapping[LocationId, str]
    goods: StockNeeds
    queued: Mapping[OrderId, QueuePlacement] = field(default_factory=dict)

    @property
    def decisions(self) -> Sequence[Decision]:
        """The decisions, one per order."""
        return self.planned.decisions

    @property
    def promised(self) -> Mapping[OrderId, datetime]:
        """The promised dates of orders that had none."""
        return self.planned.promised

    @property
    def assignments(self) -> list[Assignment]:
        """One fulfillment order per order and location."""
        return [_assignment(each) for each in self.planned.parts]

    @property
    def counts(self) -> list[LineCount]:
        """Allocated units per line."""
        return [LineCount(*key, quantity) for key, quantity in self.planned.units.items()]

    @property
    def routed(self) -> dict[OrderId, order_events.Allocated]:
        """Fully allocated orders."""
        return {
            each.order_id: order_events.Allocated(
                each.order_id,
                self.decision_ids.get(each.order_id, 0),
                tuple(sorted({self.codes[choice.location_id] for choice in each.choices})),
            )
            for each in self.decisions
            if not each.short
        }

    @property
    def short(self) -> Mapping[OrderId, tuple[str, ...]]:
        """Orders with unallocated lines, and their missing SKUs."""
        return self.planned.missing

    def replanned(self, since: Mapping[OrderId, datetime | None]) -> PlanResult:
        """The result for orders that were planned before; their work may be released from then on."""
        return replace(self, planned=replace(self.planned, replanned=since))


def _assignment(part: LocationPart) -> Assignment:
    return Assignment(
        part.order_id,
        part.location_id,
        tuple(WorkLine(each.line_no, each.sku, each.quantity) for each in part.choices),
        part.is_planned,
        part.release_after,
        part.leaves_at,
        part.arrives_at,
        part.held_back,
    )


EMPTY = PlanResult(Result(), {}, {}, StockNeeds({}))


def build(
    inputs: PlanningInputs, decisions: Sequence[Decision], decision_ids: Mapping[int, int], *, now: datetime
) -> PlanResult:
    """Build the result of these decisions."""
    document, network = inputs.compiled_rules.document, inputs.network
    return PlanResult(
        result(decisions, demands=inputs.demands, ways=network.ways, runs=document.runs, now=now),
        decision_ids,
        {each.id: each.code for each in network.locations.values()},
        inputs.goods,
        exception_queues.assign(
            decisions,
            document=document,
            tries={each.order_id: each.attributes.tries for each in inputs.demands},
            now=now,
        ),
    )
