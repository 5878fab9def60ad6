"""What routing decided for a batch, in the words of those who carry it out: orders, fulfilment and stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from doorstep.domain.fulfillment.model import Assignment, WorkLine, cause
from doorstep.domain.inventory.actions import Piece
from doorstep.domain.orders import events as order_events
from doorstep.domain.orders.model import LineCount, Parking
from doorstep.domain.routing.model import Choice, Decision
from doorstep.flows.terms import Goods
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId


@dataclass(frozen=True, slots=True)
class Routes:
    """What routing decided for a batch, on stock that is locked. `receipt_ids` are the decisions' ids by order."""

    decisions: Sequence[Decision]
    receipt_ids: Mapping[int, int]
    codes: Mapping[LocationId, str]
    goods: Goods
    has_pools: bool = False
    parked: Mapping[OrderId, Parking] = field(default_factory=dict)
    promised: Mapping[OrderId, datetime] = field(default_factory=dict)

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
        return [Assignment(order_id, place, tuple(each)) for (order_id, place), each in lines.items()]

    @property
    def counts(self) -> list[LineCount]:
        """Pieces per line (a line split by quantity has several choices)."""
        total: dict[tuple[OrderId, int], int] = {}
        for order_id, choice in self.choices:
            key = (order_id, choice.line_no)
            total[key] = total.get(key, 0) + choice.quantity
        return [LineCount(order_id, line_no, quantity) for (order_id, line_no), quantity in total.items()]

    @property
    def routed(self) -> dict[OrderId, order_events.Allocated]:
        """Orders of which every line has its location."""
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
        """Orders with lines that are left unrouted, and the SKUs that are missing."""
        return {
            each.order_id: tuple(sorted({want.sku for want in each.short}))
            for each in self.decisions
            if each.short
        }


def pieces_of(work_id: FulfillmentOrderId, assignment: Assignment, goods: Goods) -> list[Piece]:
    """What a fulfillment order reserves: of kits their parts."""
    return [
        Piece(
            cause(work_id, line.line_no),
            sku,
            assignment.location_id,
            pieces * line.quantity,
            condition,
            assignment.order_id,
        )
        for line in assignment.lines
        for (sku, condition), pieces in goods.parts[line.sku].items()
    ]
