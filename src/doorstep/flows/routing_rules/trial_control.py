"""Start, monitor and stop trials of a draft rule set."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.routing.actions import trials as verbs
from doorstep.domain.routing.actions.rules import Version
from doorstep.domain.routing.actions.trials import NewTrial, Trial
from doorstep.domain.routing.model.lab import TrialKind, guardrails
from doorstep.domain.routing.model.lab.guardrails import Verdict
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.domain.routing.views import rules, trials
from doorstep.flows.context import Context
from doorstep.flows.routing_rules import rule_sets
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx


def start(tx: WriteTx, *, new: NewTrial, now: datetime) -> Trial:
    """Start a trial. Raises Invalid, NotFound, Conflict, and Refused for a draft that cannot be activated.

    A canary must hold and queue its orders like the active rules: one order, one set of queues.
    """
    document = rules.document(tx, number=new.draft)
    proposal = rule_sets.preview(tx, document=document, now=now)
    if not proposal.may_decide:
        raise errors.Refused(
            f"Version {new.draft} cannot be activated: it has problems, or its test cases fail."
        )
    if new.kind is TrialKind.CANARY and not _shares(document, rules.compiled_rules(tx).document):
        raise errors.Refused(
            "Its runs or queues differ from the active rules: try it in shadow mode, or activate it."
        )
    return verbs.start(tx, new=new, at=now)


def _shares(draft: RuleSet, active: RuleSet) -> bool:
    """Whether both release and queue work alike."""
    sides = [
        (each.queues, [(run.name, run.active, run.schedule, run.timezone, run.release) for run in each.runs])
        for each in (draft, active)
    ]
    return sides[0] == sides[1]


def verdict(tx: ReadTx, *, trial: Trial) -> Verdict:
    """The current verdict on a trial."""
    active, draft = trials.sides(tx, trial_id=trial.id)
    return guardrails.check(trial.kind, active, draft, trial.guardrails)


def check(context: Context) -> Verdict | None:
    """Stop a trial whose limits are exceeded or whose versions changed."""

    def work(tx: WriteTx) -> Verdict | None:
        trial = trials.running(tx)
        if trial is None:
            return None
        found = verdict(tx, trial=trial)
        if found.breaches:
            verbs.stop(tx, why=found.why, breached=True, at=context.clock.now())
        elif ended := _why_outdated(tx, trial):
            verbs.stop(tx, why=ended, at=context.clock.now())
        return found

    return context.db.transact(work, actor="system")


def _why_outdated(tx: ReadTx, trial: Trial) -> str:
    state = rules.version(tx, number=trial.draft).state
    if state != "draft":
        return f"Version {trial.draft} is {state} now."
    if rules.active_number(tx) != trial.against:
        return "Another version is active now."
    return ""


def promote(tx: WriteTx, *, why: str, now: datetime) -> Version:
    """Stop the trial and activate its draft. Raises Refused if no trial runs or the draft cannot be activated."""
    trial = verbs.stop(tx, why=f"Activated: {why}", at=now)
    return rule_sets.activate(tx, number=trial.draft, why=why, instead_of=trial.against, now=now)
