"""Find the orders that another rule set routes differently, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from doorstep.domain.routing.model.demand import Choice
from doorstep.domain.routing.model.lab.replay import OrderResult
from doorstep.kernel.ids import LocationId, OrderId


class OrderPlan(msgspec.Struct, frozen=True):
    """The result of an order under one rule set. `sent` is a sentence: 2 DJ-BL-01 from WH-A."""

    sent: tuple[str, ...]
    cost_minor: int
    parcels: int
    short_units: int
    sentence: str
    rule: str

    @property
    def words(self) -> str:
        """The locations it ships from, or that it waits."""
        waits = (f"{self.short_units} waiting",) if self.short_units else ()
        return ", ".join((*self.sent, *waits)) or "nothing to send"


class Difference(msgspec.Struct, frozen=True):
    """An order with a different result."""

    order_id: OrderId
    at: datetime
    before: OrderPlan
    after: OrderPlan

    @property
    def cost_minor(self) -> int:
        """The additional cost."""
        return self.after.cost_minor - self.before.cost_minor


def differences(
    before: Sequence[OrderResult], after: Sequence[OrderResult], *, codes: Mapping[LocationId, str]
) -> Iterator[Difference]:
    """The orders that differ between two replays of the same period."""
    for old, new in zip(before, after, strict=True):
        if _lines(old) != _lines(new):
            yield Difference(old.order_id, old.at, _way(old, codes), _way(new, codes))


def _lines(outcome: OrderResult) -> Mapping[tuple[int, LocationId], int]:
    units: dict[tuple[int, LocationId], int] = {}
    for each in outcome.choices:
        key = each.line_no, each.location_id
        units[key] = units.get(key, 0) + each.quantity
    return units


def _way(outcome: OrderResult, codes: Mapping[LocationId, str]) -> OrderPlan:
    return OrderPlan(
        tuple(_reported(outcome.choices, codes)),
        outcome.scores.cost_minor,
        outcome.scores.parcels,
        outcome.short_units,
        outcome.sentence,
        outcome.rule,
    )


def _reported(choices: Sequence[Choice], codes: Mapping[LocationId, str]) -> Iterator[str]:
    for each in sorted(choices, key=lambda choice: (choice.line_no, codes[choice.location_id])):
        yield f"{each.quantity} {each.sku} from {codes[each.location_id]}"
