"""Compare a draft with the active rules on past orders: same orders, same stock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from doorstep.domain.orders import views as order_views
from doorstep.domain.routing.model.batch import Budget
from doorstep.domain.routing.model.lab import (
    Difference,
    Measured,
    OrderResult,
    Past,
    differences,
    measure,
    replay,
)
from doorstep.domain.routing.model.rules import CompiledRules
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId

_AT_ONCE = 5_000
Reported = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Material:
    """Past orders and stock, and the order numbers if they are not ours."""

    past: Past
    numbers: dict[OrderId, str]


@dataclass(frozen=True, slots=True)
class Sides:
    """The active rules and the draft."""

    before: CompiledRules
    after: CompiledRules


@dataclass(frozen=True, slots=True)
class How:
    """Orders within `every` are planned together; with `batch_seconds` each batch is optimized for that long."""

    every: timedelta = timedelta(minutes=15)
    batch_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """The results of both sides, and the orders that change.

    Each side is priced with the costs of its own rule set: without `same_costs` their costs cannot be compared.
    """

    before: Measured
    after: Measured
    changes: list[Difference]
    same_costs: bool = True


def simulate(past: Past, sides: Sides, *, how: How, reported: Reported) -> Simulation:
    """Replay past orders by both rule sets. `reported` is called with decisions made and total; it may raise to stop."""
    total = 2 * len(past.arrivals)
    old, old_seconds = _timed(past, sides.before, how, lambda done: reported(done, total))
    new, new_seconds = _timed(past, sides.after, how, lambda done: reported(len(old) + done, total))
    return Simulation(
        measure(old, codes=past.codes, seconds=old_seconds),
        measure(new, codes=past.codes, seconds=new_seconds),
        list(differences(old, new, codes=past.codes)),
        same_costs=sides.before.document.costs == sides.after.document.costs,
    )


def _timed(
    past: Past, compiled_rules: CompiledRules, how: How, reported: Callable[[int], None]
) -> tuple[list[OrderResult], float]:
    began = monotonic()
    together = Budget(monotonic, how.batch_seconds) if how.batch_seconds else None
    return replay(
        past, compiled_rules, every=how.every, reported=reported, together=together
    ), monotonic() - began


def numbers(tx: ReadTx, *, changes: list[Difference]) -> dict[OrderId, str]:
    """Numbers of the orders that change."""
    ids = [each.order_id for each in changes]
    found: dict[OrderId, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        found |= order_views.numbers(tx, order_ids=ids[start : start + _AT_ONCE])
    return found
