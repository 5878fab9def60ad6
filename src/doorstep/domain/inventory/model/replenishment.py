"""Replenishment: target levels from recent demand, within a minimum and a maximum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku

# Demand is what shipped in so many days: long enough to be calm, short enough to follow the season.
DEMAND_DAYS = 28
_MOST_COVER_DAYS = 365


@dataclass(frozen=True, slots=True)
class Rule:
    """A minimum, a maximum and days of demand to cover, for a SKU or category (or all) at a location or kind (or all)."""

    source_id: LocationId
    min_quantity: int
    max_quantity: int
    cover_days: int = 0
    sku: Sku | None = None
    category: str | None = None
    location_id: LocationId | None = None
    location_kind: str | None = None
    id: int = 0


def check_rules(rules: Iterable[Rule]) -> None:
    """Raise Invalid for the first contradictory rule."""
    for rule in rules:
        if rule.min_quantity < 0:
            raise errors.Invalid("Enter a minimum of 0 or more.", field="min_quantity")
        if rule.max_quantity < rule.min_quantity:
            raise errors.Invalid("The maximum must not be less than the minimum.", field="max_quantity")
        if not 0 <= rule.cover_days <= _MOST_COVER_DAYS:
            raise errors.Invalid(f"Cover 0 to {_MOST_COVER_DAYS} days.", field="cover_days")
        if rule.sku is not None and rule.category is not None:
            raise errors.Invalid("Enter a SKU or a category, not both.", field="sku")
        if rule.location_id is not None and rule.location_kind is not None:
            raise errors.Invalid("Enter a location or a location type, not both.", field="location")
        if rule.location_id == rule.source_id:
            raise errors.Invalid("A location cannot be replenished from itself.", field="source")


@dataclass(frozen=True, slots=True)
class StockLevel:
    """A SKU at a location with a rule: recent shipments, free and incoming units."""

    sku: Sku
    location_id: LocationId
    source_id: LocationId
    min_quantity: int
    max_quantity: int
    cover_days: int
    sold: int
    available: int
    coming: int

    @property
    def demand(self) -> int:
        """Units needed for the days to cover, rounded up."""
        return -(-self.sold * self.cover_days // DEMAND_DAYS)

    @property
    def need(self) -> int:
        """The target quantity."""
        return min(self.max_quantity, max(self.min_quantity, self.demand))

    @property
    def lacks(self) -> int:
        return max(0, self.need - self.available - self.coming)


@dataclass(frozen=True, slots=True)
class Source:
    """What a SKU's source can spare: free units, not drafted elsewhere, above its own minimum."""

    sku: Sku
    location_id: LocationId
    available: int
    drafted: int
    min_quantity: int

    @property
    def spare(self) -> int:
        return max(0, self.available - self.drafted - self.min_quantity)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Units to send, and why."""

    sku: Sku
    origin_id: LocationId
    destination_id: LocationId
    quantity: int
    why: str


def suggest(levels: Sequence[StockLevel], sources: Iterable[Source]) -> list[Suggestion]:
    """What to send where. The location with the lowest coverage is served first, as far as its source can spare."""
    known = {(source.sku, source.location_id): source for source in sources}
    spare = {key: source.spare for key, source in known.items()}
    found = []
    for level in sorted(levels, key=_urgency):
        key = (level.sku, level.source_id)
        quantity = min(level.lacks, spare.get(key, 0))
        if quantity:
            spare[key] -= quantity
            why = _sentence(level, known[key], quantity)
            found.append(Suggestion(level.sku, level.source_id, level.location_id, quantity, why))
    return found


def _urgency(level: StockLevel) -> tuple[float, Sku, LocationId]:
    return ((level.available + level.coming) / max(1, level.need), level.sku, level.location_id)


def _sentence(level: StockLevel, source: Source, quantity: int) -> str:
    """The reason, for the person who decides on the draft."""
    if level.cover_days:
        because = (
            f"{level.sold} shipped in {DEMAND_DAYS} days, so {level.cover_days} days need {level.demand}"
        )
        bounds = f" (at least {level.min_quantity}, at most {level.max_quantity})"
    else:
        because, bounds = f"The minimum is {level.min_quantity}", ""
    has = f"available {level.available}, incoming {level.coming}, missing {level.lacks}"
    limit = ""
    if quantity < level.lacks:
        limit = f" The source can spare {quantity} above its own minimum of {source.min_quantity}."
    return f"{because}{bounds}; {has}.{limit}"


def by_pair(suggestions: Iterable[Suggestion]) -> Mapping[tuple[LocationId, LocationId], list[Suggestion]]:
    """Suggestions by origin and destination: one transfer each."""
    pairs: dict[tuple[LocationId, LocationId], list[Suggestion]] = {}
    for each in suggestions:
        pairs.setdefault((each.origin_id, each.destination_id), []).append(each)
    return pairs
