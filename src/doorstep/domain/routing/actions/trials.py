"""Manage trials: start one in shadow or canary mode, store its decisions, end it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.routing import events
from doorstep.domain.routing.model import Decision
from doorstep.domain.routing.store import rules as versions
from doorstep.domain.routing.store import trials as store
from doorstep.domain.routing.store.trials import NewTrial, Trial
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx

__all__ = ["NewTrial", "Trial"]


def start(tx: WriteTx, *, new: NewTrial, at: datetime) -> Trial:
    """Start a trial beside the active version; the caller has run the draft's test cases.

    Raises Invalid without a reason or with an invalid share, Refused for a version that is not a draft, Conflict while
    another trial is running.
    """
    if not new.why.strip():
        raise errors.Invalid("Enter a reason: it is shown in the history.", field="why")
    if not 1 <= new.percent <= 100:  # noqa: PLR2004 - of a hundred
        raise errors.Invalid("Enter a share of 1 to 100 percent.", field="percent")
    found = versions.select_version(tx, number=new.draft)
    if found is None:
        raise errors.NotFound(f"There is no version {new.draft} of the rule set.")
    if found.state != "draft":
        raise errors.Refused(
            f"Version {new.draft} is {found.state}: only a draft can be tested.", state=found.state
        )
    active = versions.select_active(tx)
    trial_id = store.insert_trial(tx, new, against=None if active is None else active.number, at=at)
    if trial_id is None:
        raise errors.Conflict("Another trial is running: stop it first.")
    event_log.append(
        tx, [events.TrialStarted(new.draft, found.name, new.kind.value, new.percent, new.why)], at=at
    )
    return _found(tx, trial_id)


def stop(tx: WriteTx, *, why: str, at: datetime, breached: bool = False) -> Trial:
    """End the running trial. Raises Refused if there is none."""
    trial = store.lock_running(tx)
    if trial is None:
        raise errors.Refused("No trial is running.")
    store.end(tx, trial_id=trial.id, why=why, breached=breached, at=at)
    version = versions.select_version(tx, number=trial.draft)
    name = "" if version is None else version.name
    event_log.append(tx, [events.TrialStopped(trial.draft, name, trial.kind.value, why, breached)], at=at)
    return _found(tx, trial.id)


def acknowledge(tx: WriteTx, *, trial_id: int, at: datetime) -> None:
    """Mark the result of a trial that a guardrail ended as read."""
    store.acknowledge(tx, trial_id=trial_id, at=at)


def record(tx: WriteTx, *, trial: Trial, decisions: Sequence[Decision], by_draft: bool, at: datetime) -> None:
    """Store the decisions of one side of a trial, one per order."""
    store.copy_orders(tx, [_row(trial, each, at, by_draft=by_draft) for each in decisions])


def _row(trial: Trial, decision: Decision, at: datetime, *, by_draft: bool) -> tuple[object, ...]:
    scores = decision.scores
    return (
        trial.id,
        decision.order_id,
        by_draft,
        at,
        decision.explanation.rules,
        scores.cost_minor,
        scores.parcels,
        len({each.location_id for each in decision.choices}) > 1,
        bool(decision.choices),
        scores.miss,
        sum(want.quantity for want in decision.short),
    )


def _found(tx: WriteTx, trial_id: int) -> Trial:
    found = store.select_trial(tx, trial_id=trial_id)
    if found is None:
        raise errors.NotFound(f"There is no trial {trial_id}.")
    return found
