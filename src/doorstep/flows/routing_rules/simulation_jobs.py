"""Queue and run simulations under a lease."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from doorstep.domain.routing.actions import lab as verbs
from doorstep.domain.routing.actions.lab import LabRun, Lease, NewRun
from doorstep.domain.routing.views import lab as views
from doorstep.domain.routing.views import rules
from doorstep.flows.context import Context
from doorstep.flows.routing_rules import hindsight, history, simulation, simulation_files
from doorstep.flows.routing_rules.history import Window
from doorstep.flows.routing_rules.simulation import How, Material, Reported, Sides
from doorstep.kernel import errors, log
from doorstep.kernel.db import ReadTx, WriteTx

_log = log.get("lab")
_REPORTED_EVERY_SECONDS = 0.5
_MOST_KEPT = 50_000
_KEPT_FOR = timedelta(days=180)


class Stopped(errors.Unavailable):
    """The process stops; another worker continues the run."""


def queue(tx: WriteTx, *, new: NewRun, now: datetime) -> int:
    """Queue a simulation of a draft against another version. Raises NotFound, Invalid."""
    for number in (new.draft, new.against):
        rules.compiled_rules_of(tx, number=number)
    if new.orders_file is not None:
        simulation_files.check(new.orders_file, new.stock_file)
    run_id = verbs.queue(tx, new=new, at=now)
    if run_id is None:
        raise errors.Conflict("This simulation is queued already.")
    return run_id


def run_next(context: Context, *, stopped: Callable[[], bool] = lambda: False) -> bool:
    """Run the next queued simulation; False if none waits. `stopped` says whether the process stops."""
    run = context.db.transact(lambda tx: verbs.take(tx, at=context.clock.now()), actor="system")
    if run is None:
        return False
    hold = Lease(run.id, run.attempts)
    progress = _Progress(context, hold, stopped)
    with _held(context, hold):
        if run.kind == "hindsight":
            hindsight.measure(context, run=run, hold=hold, reported=progress.reported)
        else:
            _simulate(context, run, hold, progress.reported)
    return True


@contextmanager
def _held(context: Context, hold: Lease) -> Iterator[None]:
    """Record how a run ended, unless another worker has it by now."""
    try:
        yield
    except verbs.Lost:
        _log.warning("another worker has taken this run over", run_id=hold.run_id)
    except errors.DoorstepError as problem:
        context.db.transact(functools.partial(_end, context, hold, problem), actor="system")


def _end(context: Context, hold: Lease, problem: errors.DoorstepError, tx: WriteTx) -> None:
    """Record why a run did not finish."""
    if isinstance(problem, verbs.Canceled):
        verbs.drop(tx, hold=hold, at=context.clock.now())
    elif isinstance(problem, errors.Unavailable):
        verbs.requeue(tx, hold=hold)
    else:
        verbs.fail(tx, hold=hold, error=problem.message, at=context.clock.now())


@dataclass(slots=True)
class _Progress:
    """Report progress now and then; each report renews the lease."""

    context: Context
    hold: Lease
    stopped: Callable[[], bool]
    last: float = 0.0

    def reported(self, done: int, total: int) -> None:
        if self.stopped():
            raise Stopped("The worker stops; another continues the run.")
        if monotonic() - self.last < _REPORTED_EVERY_SECONDS:
            return
        self.last = monotonic()
        self.context.db.transact(
            lambda tx: verbs.report_progress(tx, hold=self.hold, done=done, total=total), actor="system"
        )


def _simulate(context: Context, run: LabRun, hold: Lease, reported: Reported) -> None:
    reported(0, 0)
    with context.db.read() as tx:
        sides = Sides(
            rules.compiled_rules_of(tx, number=run.against), rules.compiled_rules_of(tx, number=run.draft)
        )
        material = _material(context, tx, run)
    how = How(timedelta(minutes=run.every_minutes), run.batch_seconds)
    found = simulation.simulate(material.past, sides, how=how, reported=reported)
    most = sorted(found.changes, key=lambda each: -abs(each.cost_minor))[:_MOST_KEPT]

    def work(tx: WriteTx) -> None:
        numbers = material.numbers or simulation.numbers(tx, changes=most)
        verbs.finish(
            tx,
            hold=hold,
            measured=(found.before, found.after),
            changes=[(numbers.get(each.order_id, ""), each) for each in most],
            at=context.clock.now(),
        )

    context.db.transact(work, actor="system")


def _material(context: Context, tx: ReadTx, run: LabRun) -> Material:
    """Past orders of the run's window, or of its file."""
    files = views.files(tx, run_id=run.id)
    if files.orders_file is None:
        return Material(history.reconstruct(tx, window=Window(run.since, run.until)), {})
    return simulation_files.read(context, tx, orders=files.orders_file, stock=files.stock_file, now=run.until)


def delete_old(context: Context) -> int:
    """Delete old simulations."""
    return context.db.transact(
        lambda tx: verbs.delete_old(tx, before=context.clock.now() - _KEPT_FOR), actor="system"
    )
