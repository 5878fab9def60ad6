"""Run periodic jobs: each is claimed by one worker when it is due."""

from __future__ import annotations

import functools
from collections.abc import Callable

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.flows.context import Job
from doorstep.flows.map import JOBS
from doorstep.kernel import jobs

_BY_NAME = {job.name: job for job in JOBS}


def declare(app: App) -> None:
    """Make sure that the schedule table knows the jobs of this version."""
    with app.db.write(actor="system") as tx:
        jobs.declare_schedules(tx, every_seconds={job.name: float(job.every_seconds) for job in JOBS})


def run_due(app: App, *, aside: Callable[[Callable[[], None]], object]) -> int:
    """Run the jobs that are due; a failure is reported and the job runs again at its next time.

    CPU-bound jobs are handed to `aside`, so that orders do not wait for them.
    """
    with app.db.write(actor="system") as tx:
        due = [_BY_NAME[name] for name in jobs.claim_schedules(tx) if name in _BY_NAME]
    for job in due:
        if job.is_cpu_bound:
            aside(functools.partial(_run, app, job))
        else:
            _run(app, job)
    return len(due)


def _run(app: App, job: Job) -> None:
    try:
        job.run(app.context)
    except Exception as problem:  # noqa: BLE001 - the worker loop: one job must not stop the others
        batches.report(problem, "a periodic job failed", job=job.name)
