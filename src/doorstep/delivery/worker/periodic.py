"""Periodic jobs: each is done by one worker at its time."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.flows import (
    box,
    capacity,
    cart,
    count,
    guard,
    idle,
    lab,
    look_ahead,
    outage,
    parking,
    promise,
    reconcile,
    regret,
    release,
    replenish,
    runs,
    wave,
)
from doorstep.kernel import jobs

_DAY_SECONDS = 86_400.0
JOBS: dict[str, tuple[float, Callable[[App], object]]] = {
    "verify the stock ledger": (900.0, lambda app: reconcile.verify_ledger(app.world)),
    "let go of what carts hold too long": (15.0, lambda app: cart.sweep(app.world)),
    "close boxes that waited long enough": (60.0, lambda app: box.close_overdue(app.world)),
    "cancel what nobody could fill": (60.0, lambda app: parking.cancel_overdue(app.world)),
    "start runs that are due": (15.0, lambda app: runs.run_due(app.world)),
    "solve planned work together": (30.0, lambda app: wave.solve(app.world, seconds=3, clock=time.monotonic)),
    "price what is scarce": (900.0, lambda app: look_ahead.price(app.world)),
    "watch the trial of a draft": (60.0, lambda app: guard.watch(app.world)),
    "look back on yesterday": (_DAY_SECONDS / 24, lambda app: regret.ask(app.world)),
    "forget old runs of the lab": (_DAY_SECONDS, lambda app: lab.forget(app.world)),
    "forget old shifts": (_DAY_SECONDS, lambda app: capacity.forget(app.world)),
    "forget old runs": (_DAY_SECONDS, lambda app: runs.forget(app.world)),
    "measure how fast locations pick": (60.0, lambda app: release.measure(app.world)),
    "release planned work": (15.0, lambda app: release.release_due(app.world)),
    "end pauses, watch carriers": (15.0, lambda app: outage.watch(app.world)),
    "watch work that nobody accepts": (60.0, lambda app: idle.watch(app.world)),
    "draft what shelves lack": (_DAY_SECONDS / 4, lambda app: replenish.draft(app.world)),
    "write off what is missing": (60.0, lambda app: count.settle_missing(app.world)),
    "work out rules for what is new": (30.0, lambda app: promise.catch_up(app.world)),
    "work out all rules again": (_DAY_SECONDS, lambda app: promise.rebuild(app.world)),
    "watch the stock sources": (60.0, lambda app: promise.watch_sources(app.world)),
    "forget old sessions and keys": (_DAY_SECONDS / 24, lambda app: reconcile.forget(app.world)),
}


# Minutes of arithmetic rather than of waiting: a thread of their own does them, one after the other.
SLOW = frozenset({"start runs that are due", "solve planned work together", "price what is scarce"})


def declare(app: App) -> None:
    """Make sure that the schedule table knows the jobs of this version."""
    with app.db.write(actor="system") as tx:
        jobs.declare_schedules(tx, every_seconds={name: seconds for name, (seconds, _) in JOBS.items()})


def run_due(app: App, *, aside: Callable[[Callable[[], None]], object]) -> int:
    """Do the jobs that are due; a failure is reported and the job comes again at its next time.

    Those that take seconds are handed to `aside`, so that orders need not wait for them.
    """
    with app.db.write(actor="system") as tx:
        due = jobs.claim_schedules(tx)
    for name in due:
        if name in SLOW:
            aside(functools.partial(_run, app, name))
        else:
            _run(app, name)
    return len(due)


def _run(app: App, name: str) -> None:
    try:
        JOBS[name][1](app)
    except Exception as problem:  # noqa: BLE001 - the worker loop: one job must not stop the others
        batches.report(problem, "a periodic job failed", job=name)
