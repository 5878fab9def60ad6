"""Run periodic jobs: each is claimed by one worker when it is due."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches, counts
from doorstep.flows.context import Job
from doorstep.flows.jobs import JOBS
from doorstep.kernel import jobs

_BY_NAME = {job.name: job for job in JOBS}


def declare(app: App) -> None:
    """Make sure that the schedule table knows the jobs of this version."""
    app.db.transact(
        lambda tx: jobs.declare_schedules(
            tx, every_seconds={job.name: float(job.every_seconds) for job in JOBS}
        ),
        actor="system",
    )


def run_due(app: App, names: Sequence[str]) -> int:
    """Run those of these jobs that are due; a failure is reported and the job runs again at its next time."""
    if not names:
        return 0
    claimed = app.db.transact(lambda tx: jobs.claim_schedules(tx, names=names), actor="system")
    due = [_BY_NAME[name] for name in claimed]
    for job in due:
        _run(app, job)
    return len(due)


def _run(app: App, job: Job) -> None:
    try:
        job.run(app.context)
    except Exception as problem:  # noqa: BLE001 - the worker loop: one job must not stop the others
        counts.failed("jobs")
        batches.report(problem, "a periodic job failed", job=job.name)
