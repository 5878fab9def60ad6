"""Stock feeds of other systems: complete snapshots (set) or changes (delta), thousands of lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.domain.inventory.model.claims import Claim, ClaimOutcome
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku

MOST_LINES = 10_000
_CLOCKS_DIFFER = timedelta(minutes=5)


class Mode(StrEnum):
    """Whether a feed has quantities or changes."""

    SET = "set"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class StockLine:
    """One line of a feed; `location` is the location's code."""

    line_no: int
    sku: str
    location: str
    quantity: int
    condition: Condition = Condition.NEW


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed. `key` makes it apply once per source; `as_of` is when the source read the quantities."""

    source: str
    key: str
    mode: Mode
    as_of: datetime
    lines: Sequence[StockLine]


@dataclass(frozen=True, slots=True)
class LineResult:
    """The result of a line; `on_hand` is the new counter, None where there is none."""

    line_no: int
    sku: str
    location: str
    outcome: ClaimOutcome
    on_hand: int | None = None
    reason: str = ""


def check(feed: Feed, *, now: datetime) -> Feed:
    """The feed, validated. Raises Invalid."""
    if not feed.source.strip():
        raise errors.Invalid("Enter the source of the quantities.", field="source")
    if not feed.key.strip():
        raise errors.Invalid("A feed needs a key (Idempotency-Key), so that it applies once.", field="key")
    if not 0 < len(feed.lines) <= MOST_LINES:
        raise errors.Invalid(f"Send 1 to {MOST_LINES} lines at a time.", field="lines")
    if feed.as_of > now + _CLOCKS_DIFFER:
        raise errors.Invalid(
            "as_of is in the future: send the time at which the source read the quantities.", field="as_of"
        )
    return replace(feed, as_of=min(feed.as_of, now))


def split_valid(
    feed: Feed, *, known: Collection[str], locations: Mapping[str, LocationId]
) -> tuple[dict[int, Claim], list[LineResult]]:
    """Valid lines as claims, by their place in the feed, and invalid ones with the reason."""
    claims: dict[int, Claim] = {}
    refused: list[LineResult] = []
    first: dict[object, int] = {}
    for index, line in enumerate(feed.lines):
        reason = _reason(line, feed.mode, known, locations)
        if not reason:
            location_id, is_change = locations[line.location], feed.mode is Mode.DELTA
            claim = Claim(Sku(line.sku), location_id, line.condition, line.quantity, feed.as_of, is_change)
            before = first.setdefault(claim.position, line.line_no)
            if is_change or before == line.line_no:
                claims[index] = claim
                continue
            reason = f"Line {before} has the same position."
        refused.append(LineResult(line.line_no, line.sku, line.location, ClaimOutcome.REFUSED, reason=reason))
    return claims, refused


def _reason(line: StockLine, mode: Mode, known: Collection[str], locations: Mapping[str, LocationId]) -> str:
    if line.sku not in known:
        return "The catalog does not have this SKU."
    if line.location not in locations:
        return "There is no such location, or it belongs to someone else."
    if mode is Mode.SET and line.quantity < 0:
        return "The quantity must be 0 or more."
    if mode is Mode.DELTA and line.quantity == 0:
        return "A change of 0 has no effect."
    return ""
