"""Promises on incoming supply: who may be promised, from what, for which date, within the limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from doorstep.domain.inventory.model.supplies import Supply
from doorstep.kernel import errors
from doorstep.kernel.ids import OrderId, Sku


class SellAheadMode(StrEnum):
    """Whether a SKU may be sold ahead."""

    NONE = "none"
    PREORDER = "preorder"
    BACKORDER = "backorder"


@dataclass(frozen=True, slots=True)
class SellAhead:
    """A SKU's policy. Pre-orders need a supply to be promised from; backorders are promised without a date if there is none.

    `quantity_limit`: most units promised and not arrived (None: no limit). Nothing is promised for a date before
    `available_from_date`, nor sold ahead after `until_date`, nor from supply below `min_confidence`.
    """

    sku: Sku
    mode: SellAheadMode
    quantity_limit: int | None = None
    available_from_date: date | None = None
    until_date: date | None = None
    min_confidence: int = 0

    def promised_for(self, eta_date: date) -> date:
        """The date to promise when supply arrives on `eta_date`."""
        return max(eta_date, self.available_from_date or eta_date)


def check_sell_ahead(policy: SellAhead) -> None:
    """Raise Invalid for a policy that contradicts itself."""
    if policy.quantity_limit is not None and policy.quantity_limit < 0:
        raise errors.Invalid(
            "Enter a limit of 0 or more, or leave it empty for none.", field="quantity_limit"
        )
    if not 0 <= policy.min_confidence <= 100:  # noqa: PLR2004 - percent
        raise errors.Invalid("Enter a confidence of 0 to 100 percent.", field="min_confidence")


class PromiseState(StrEnum):
    """State of a promise: open, or ended because it was kept, replaced after its supply moved, or no longer wanted."""

    OPEN = "open"
    KEPT = "kept"
    REOPENED = "reopened"
    CANCELED = "canceled"


class LineKey(NamedTuple):
    """A component of an order line: kits have several."""

    order_id: int
    line_no: int
    sku: str


@dataclass(frozen=True, slots=True)
class Need:
    """Units that an order line lacks."""

    order_id: OrderId
    line_no: int
    sku: Sku
    quantity: int

    @property
    def key(self) -> LineKey:
        return LineKey(self.order_id, self.line_no, self.sku)


@dataclass(frozen=True, slots=True)
class Promise:
    """An open promise; `arrived` of its units are here already, without a date it has no supply."""

    id: int
    order_id: int
    line_no: int
    sku: str
    quantity: int
    arrived: int
    supply_id: int | None
    promised_date: date | None
    made_at: datetime

    @property
    def key(self) -> LineKey:
        return LineKey(self.order_id, self.line_no, self.sku)

    @property
    def pending(self) -> int:
        return self.quantity - self.arrived


class SuppliedUnits(NamedTuple):
    """Units from a supply for a date; without supply, without a date."""

    quantity: int
    supply_id: int | None
    promised_date: date | None


@dataclass(slots=True)
class SupplyQueue:
    """What open supply has left, earliest first; promises take from it, so that no unit is promised twice."""

    supplies: Mapping[str, Sequence[Supply]]
    left: dict[int, int] = field(default_factory=dict)

    def take(self, quantity: int, policy: SellAhead) -> list[SuppliedUnits]:
        """Units by date; the last may be without a supply."""
        missing, units = quantity, []
        for supply in self.supplies.get(policy.sku, ()):
            taken = min(missing, self.left[supply.id]) if supply.confidence >= policy.min_confidence else 0
            if taken:
                self.left[supply.id] -= taken
                units.append(SuppliedUnits(taken, supply.id, policy.promised_for(supply.eta_date)))
                missing -= taken
        return [*units, SuppliedUnits(missing, None, None)] if missing else units

    def restore(self, units: Iterable[SuppliedUnits]) -> None:
        """Return what was taken."""
        for promised in units:
            if promised.supply_id is not None:
                self.left[promised.supply_id] += promised.quantity


def supply_queue(supplies: Iterable[Supply], standing: Iterable[Promise]) -> SupplyQueue:
    """Open supplies, less the promises built on them."""
    by_sku: dict[str, list[Supply]] = {}
    left: dict[int, int] = {}
    for supply in sorted(supplies, key=lambda each: (each.eta_date, each.id)):
        by_sku.setdefault(supply.sku, []).append(supply)
        left[supply.id] = supply.expected
    for promise in standing:
        if promise.supply_id in left:
            left[promise.supply_id] -= promise.pending
    return SupplyQueue(by_sku, left)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that cannot be promised, and why."""

    order_id: OrderId
    line_no: int
    because: str


@dataclass(slots=True)
class PromiseAllocator:
    """Decides line by line, all or none: `outstanding` units per SKU are promised and have not arrived."""

    policies: Mapping[str, SellAhead]
    supply: SupplyQueue
    outstanding: dict[str, int]
    today: date

    def promise(self, needs: Sequence[Need]) -> dict[LineKey, list[SuppliedUnits]] | Refusal:
        """Units for all components of one line, or the reason why not."""
        granted: dict[LineKey, list[SuppliedUnits]] = {}
        because = ""
        for need in needs:
            because = because or self._refused(need)
            if not because:
                units = self.supply.take(need.quantity, self.policies[need.sku])
                granted[need.key] = granted.get(need.key, []) + units
                self.outstanding[need.sku] = self.outstanding.get(need.sku, 0) + need.quantity
                if units[-1].supply_id is None and self._needs_supply(need):
                    because = f"not enough {need.sku} is incoming"
        if because:
            for key, units in granted.items():
                self.supply.restore(units)
                self.outstanding[key.sku] -= sum(promised.quantity for promised in units)
            return Refusal(needs[0].order_id, needs[0].line_no, because)
        return granted

    def _needs_supply(self, need: Need) -> bool:
        return self.policies[need.sku].mode is SellAheadMode.PREORDER

    def _refused(self, need: Need) -> str:
        policy = self.policies.get(need.sku)
        if policy is None or policy.mode is SellAheadMode.NONE:
            return f"{need.sku} is not sold ahead"
        if policy.until_date is not None and policy.until_date < self.today:
            return f"{need.sku} was sold ahead until {policy.until_date.isoformat()}"
        limit, standing = policy.quantity_limit, self.outstanding.get(need.sku, 0)
        if limit is not None and standing + need.quantity > limit:
            return f"{standing} of at most {limit} {need.sku} are promised ahead already"
        return ""


def rearrange(
    loose: Sequence[Promise], policies: Mapping[str, SellAhead], supply: SupplyQueue
) -> list[list[SuppliedUnits]]:
    """Where promises go that lost their supply, or had none: longest waiting first. In the order of `loose`."""
    order = sorted(range(len(loose)), key=lambda index: (loose[index].made_at, loose[index].id))
    result: list[list[SuppliedUnits]] = [[] for _ in loose]
    for index in order:
        promise = loose[index]
        policy = policies.get(promise.sku) or SellAhead(Sku(promise.sku), SellAheadMode.NONE)
        result[index] = supply.take(promise.pending, policy)
    return result


def line_date(days: Iterable[date | None]) -> date | None:
    """The date on which all units are here; None when one of them has no date."""
    given = list(days)
    dated = [day for day in given if day is not None]
    return max(dated) if dated and len(dated) == len(given) else None
