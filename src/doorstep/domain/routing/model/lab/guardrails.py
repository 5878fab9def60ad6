"""Decide when a trial ends automatically: compare its results on real orders with its guardrails."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from doorstep.kernel import errors


class TrialKind(StrEnum):
    """Shadow: the draft decides silently. Canary: it decides for a share of the orders."""

    SHADOW = "shadow"
    CANARY = "canary"


_Ratio = Annotated[float, Meta(ge=0.5, le=10)]
_Points = Annotated[float, Meta(ge=0, le=100)]


class Guardrails(msgspec.Struct, frozen=True):
    """How much worse a draft may be: its cost per order as a ratio, the others in percentage points.

    Nothing is checked before `sample` orders of the draft.
    """

    cost_ratio: _Ratio = 1.05
    split_points: _Points = 3.0
    miss_points: _Points = 2.0
    reject_points: _Points = 2.0
    sample: Annotated[int, Meta(ge=10, le=1_000_000)] = 100


def guardrails(given: dict[str, float]) -> Guardrails:
    """Parse guardrails; missing ones keep their defaults. Raises Invalid."""
    try:
        return msgspec.convert(given, Guardrails, strict=False)
    except msgspec.ValidationError as problem:
        raise errors.Invalid(f"These guardrails are not valid: {problem}.", field="guardrails") from problem


@dataclass(frozen=True, slots=True)
class Tally:
    """Totals of one side of a trial: its orders, the served ones, and their cost."""

    orders: int = 0
    served: int = 0
    cost_minor: int = 0
    parcels: int = 0
    splits: int = 0
    misses: float = 0.0
    short_units: int = 0
    rejects: int = 0

    def of_served(self, total: float) -> float:
        """Cost per served order."""
        return total / self.served if self.served else 0.0

    @property
    def cost(self) -> float:
        return self.of_served(self.cost_minor)

    @property
    def split_percent(self) -> float:
        return 100 * self.of_served(self.splits)

    @property
    def miss_percent(self) -> float:
        return 100 * self.of_served(self.misses)

    @property
    def reject_percent(self) -> float:
        return 100 * self.of_served(self.rejects)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a trial: whether it has enough orders, which guardrails are broken, whether the draft is better."""

    is_enough: bool
    breaches: tuple[str, ...] = ()
    is_better: bool = False

    @property
    def why(self) -> str:
        return " ".join(self.breaches)


def check(kind: TrialKind, active: Tally, draft: Tally, rails: Guardrails) -> Verdict:
    """Compare a draft with the active rules."""
    if draft.served < rails.sample or not active.served:
        return Verdict(is_enough=False)
    breaches = tuple(_breaches(kind, active, draft, rails))
    is_better = (
        not breaches
        and draft.cost < active.cost
        and draft.misses * active.served <= active.misses * draft.served
    )
    return Verdict(True, breaches, is_better)


def _breaches(kind: TrialKind, active: Tally, draft: Tally, rails: Guardrails) -> Iterator[str]:
    if draft.cost > rails.cost_ratio * active.cost:
        ratio = f"{draft.cost / active.cost:.2f} times" if active.cost else "more than"
        yield f"An order costs {ratio} the current cost (limit: {rails.cost_ratio:.2f})."
    rates = [
        ("come in several parcels", active.split_percent, draft.split_percent, rails.split_points),
        ("are expected to be late", active.miss_percent, draft.miss_percent, rails.miss_points),
    ]
    if kind is TrialKind.CANARY:
        # In shadow mode no location receives work, so none can reject it.
        rates.append(("were rejected", active.reject_percent, draft.reject_percent, rails.reject_points))
    for words, before, after, points in rates:
        if after > before + points:
            yield f"{after:.1f} % of the orders {words}, {before:.1f} % now (limit: {points:g} points more)."


def is_drafts(order_id: int, percent: int) -> bool:
    """Whether a draft decides on an order: always the same orders, evenly distributed."""
    return zlib.crc32(f"trial {order_id}".encode()) % 100 < percent
