"""Scheduled routing runs: allocate waiting orders together by the run's own rules, and record the run."""

from __future__ import annotations

from datetime import timedelta

from doorstep.domain.orders import actions as orders
from doorstep.domain.routing.actions import runs
from doorstep.domain.routing.actions.runs import NewRun
from doorstep.domain.routing.model.rules import Run
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import rules
from doorstep.flows.allocation import allocate
from doorstep.flows.context import Context
from doorstep.kernel import errors, log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

_log = log.get("runs")
_AT_ONCE = 500
_HISTORY_KEPT_FOR = timedelta(days=90)


def run_due(context: Context) -> int:
    """Run every scheduled run that is due; returns how many. A failed run is recorded with its error."""
    now = context.clock.now()
    due = context.db.transact(
        lambda tx: runs.claim_due(tx, document=rules.compiled_rules(tx).document, now=now), actor="system"
    )
    for run in due:
        run_now(context, run=run)
    return len(due)


def run_now(context: Context, *, run: Run) -> NewRun:
    """Allocate what waits, a batch at a time, and record the result."""
    began = context.clock.now()
    attempted = routed = 0
    try:
        last = OrderId(0)
        while (found := _batch(context, run, last)) is not None:
            last, tried, served = found
            attempted, routed = attempted + tried, routed + served
        result = "done"
    except errors.DoorstepError as problem:
        _log.error("a scheduled run failed", run=run.name, error=problem.message)
        result = problem.message

    def work(tx: WriteTx) -> NewRun:
        version = rules.compiled_rules(tx).version
        done = NewRun(
            run.name,
            RunKind.SCHEDULE,
            version,
            began,
            context.clock.now(),
            attempted=attempted,
            routed=routed,
            result=result,
        )
        runs.record(tx, run=done)
        return done

    return context.db.transact(work, actor="system")


def _batch(context: Context, run: Run, last: OrderId) -> tuple[OrderId, int, int] | None:
    """The next batch: last order id, how many the run selected, how many were fully allocated. None: no more orders."""

    def work(tx: WriteTx) -> tuple[OrderId, int, int] | None:
        waiting = orders.claim_waiting(tx, after=last, limit=_AT_ONCE)
        if not waiting:
            return None
        found = allocate.allocate(tx, order_ids=waiting, now=context.clock.now(), run=run)
        return waiting[-1], len(found.decisions), len(found.routed)

    return context.db.transact(work, actor="system")


def delete_old(context: Context) -> int:
    """Delete old run records."""
    return context.db.transact(
        lambda tx: runs.delete_old(tx, before=context.clock.now() - _HISTORY_KEPT_FOR), actor="system"
    )
