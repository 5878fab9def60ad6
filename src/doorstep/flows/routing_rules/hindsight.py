"""Daily cost gap to the optimal plan in hindsight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic

from doorstep.domain.routing import model
from doorstep.domain.routing.actions import lab as verbs
from doorstep.domain.routing.actions import runs
from doorstep.domain.routing.actions.lab import Hindsight, LabRun, Lease, NewRun
from doorstep.domain.routing.actions.runs import NewRun as Done
from doorstep.domain.routing.model import Decision, Network, Supply, batch
from doorstep.domain.routing.model.batch import Batch, Budget
from doorstep.domain.routing.model.lab import Past
from doorstep.domain.routing.model.rules import CompiledRules
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import lab as views
from doorstep.domain.routing.views import rules
from doorstep.domain.shipping import views as parcels
from doorstep.flows.context import Context
from doorstep.flows.routing_rules import history
from doorstep.flows.routing_rules.history import Window
from doorstep.flows.routing_rules.simulation import Reported
from doorstep.kernel.db import WriteTx

_SECONDS = 60.0
_DAY = timedelta(days=1)


def schedule(context: Context) -> int | None:
    """Queue the measurement of yesterday (UTC) once; returns the run."""
    now = context.clock.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def work(tx: WriteTx) -> int | None:
        number = rules.active_number(tx)
        new = NewRun("hindsight", number, number, today - _DAY, today, every_minutes=1)
        return verbs.queue(tx, new=new, at=now)

    return context.db.transact(work, actor="system")


def measure(
    context: Context, *, run: LabRun, hold: Lease, reported: Reported, seconds: float = _SECONDS
) -> None:
    """Solve the whole day together and store for each decision its cost and its cost in the best plan."""
    reported(0, 0)
    began = context.clock.now()
    with context.db.read() as tx:
        compiled_rules = rules.compiled_rules_of(tx, number=run.draft)
        found = history.reconstruct(tx, window=Window(run.since, run.until))
        decided = views.decided(tx, since=run.since, until=run.until)
        labels = parcels.label_costs(tx, order_ids=[each.order_id for each in decided])
    best = _best(found, compiled_rules, reported, seconds)
    known = [
        Hindsight(each.id, _actual(each, labels), best[each.order_id])
        for each in decided
        if each.order_id in best
    ]

    def work(tx: WriteTx) -> None:
        verbs.finish(tx, hold=hold, measured=(None, None), changes=(), at=context.clock.now())
        verbs.record_hindsight(tx, known=known)
        runs.record(tx, run=_done(run, compiled_rules, known, began, context.clock.now()))

    context.db.transact(work, actor="system")


def _actual(decided: views.Decided, labels: Mapping[int, int]) -> int:
    """Expected cost; the price of the label replaces the tariff once it is bought."""
    bought = labels.get(decided.order_id)
    return decided.cost_minor if bought is None else decided.cost_minor - decided.carriage_minor + bought


def _done(
    run: LabRun, compiled_rules: CompiledRules, known: list[Hindsight], began: datetime, ended: datetime
) -> Done:
    actual, best = sum(each.actual_minor for each in known), sum(each.best_minor for each in known)
    return Done(
        f"{run.since:%Y-%m-%d}",
        RunKind.HINDSIGHT,
        compiled_rules.version,
        began,
        ended,
        attempted=len(known),
        before_minor=actual,
        after_minor=best,
        result=f"Decisions compared with the best plan of the day: {len(known)}",
    )


def _best(
    found: Past, compiled_rules: CompiledRules, reported: Reported, seconds: float
) -> Mapping[int, int]:
    """The cost of each order in the best plan of the day, with all of the day's stock available from its start.

    Only orders that this plan fully allocates are returned: waiting costs nothing and is no merit.
    """
    if not found.arrivals:
        return {}
    at = found.arrivals[0].at
    network = found.network(at)
    demands = [each.demand for each in found.arrivals]
    decisions = model.plan(demands, _supply(found), network, compiled_rules, now=at)
    reported(0, 0)
    solved = _together(found, decisions, network, compiled_rules, Budget(_renewing_clock(reported), seconds))
    return {each.order_id: each.scores.cost_minor for each in solved if each.choices and not each.short}


def _together(
    found: Past, decisions: list[Decision], network: Network, compiled_rules: CompiledRules, budget: Budget
) -> list[Decision]:
    before = Batch([each.demand for each in found.arrivals], decisions, _supply(found))
    return batch.improve(before, network, compiled_rules, now=found.arrivals[0].at, budget=budget).decisions


def _renewing_clock(reported: Reported) -> Callable[[], float]:
    """A clock that renews the lease whenever it is read."""

    def clock() -> float:
        reported(0, 0)
        return monotonic()

    return clock


def _supply(found: Past) -> Supply:
    """Stock at the start of the day, with everything that moved during it."""
    stock = {name: dict(there) for name, there in found.stock.items()}
    for each in found.changes:
        here = stock.setdefault(each.key, {})
        here[each.location_id] = here.get(each.location_id, 0) + each.units
    held = {name: {location: max(0, n) for location, n in there.items()} for name, there in stock.items()}
    return Supply(held, found.recipes)
