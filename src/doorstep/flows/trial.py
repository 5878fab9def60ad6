"""A draft tried on real orders: silently beside what decides, or instead of it on some; guardrails end it by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from doorstep.domain.analytics.views import hindsight
from doorstep.domain.routing import model
from doorstep.domain.routing.actions import rules as versions
from doorstep.domain.routing.actions import trials as verbs
from doorstep.domain.routing.actions.rules import Version
from doorstep.domain.routing.actions.trials import NewTrial, Trial
from doorstep.domain.routing.model import Decision, Network, Supply
from doorstep.domain.routing.model.lab import TrialKind, guardrails
from doorstep.domain.routing.model.lab.guardrails import Verdict
from doorstep.domain.routing.model.rules import Playbook, RuleSet, Run
from doorstep.domain.routing.views import rules, trials
from doorstep.flows import rule_sets
from doorstep.flows.sight import Sight
from doorstep.flows.world import World
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId


def choose(tx: WriteTx, *, seen: Sight, now: datetime, run: Run | None) -> list[Decision]:
    """What is decided for a batch: by the rules that decide, and on the orders of a trial by its draft."""
    trial = trials.running(tx)
    if trial is None or run is not None or (trial.against or 0) != seen.playbook.number:
        return model.plan(seen.demands, seen.supply, seen.network, seen.playbook, now=now, run=run)
    draft = rules.playbook_of(tx, number=trial.draft)
    if trial.kind is TrialKind.SHADOW:
        decided, tried = _silently(seen, draft, now)
        _record(tx, trial, decided, tried, now)
        found = decided
    else:
        decided, tried = _shared(seen, draft, trial.percent, now)
        _record(tx, trial, decided, tried, now)
        by_order = {each.order_id: each for each in (*decided, *tried)}
        found = [by_order[each.order_id] for each in seen.demands]
    versions.note_failures(tx, playbook=draft, at=now)
    return found


def _silently(seen: Sight, draft: Playbook, now: datetime) -> tuple[list[Decision], list[Decision]]:
    """Both decide on the same stock; only what the rules decide is taken."""
    same = replace(
        seen.supply, available={name: dict(there) for name, there in seen.supply.available.items()}
    )
    tried = model.plan(seen.demands, same, seen.network, draft, now=now)
    return model.plan(seen.demands, seen.supply, seen.network, seen.playbook, now=now), tried


def _shared(
    seen: Sight, draft: Playbook, percent: int, now: datetime
) -> tuple[list[Decision], list[Decision]]:
    """Each decides on its orders; whoever has the first order of the batch goes first, so that neither is favoured."""
    drafts = [each for each in seen.demands if guardrails.is_drafts(each.order_id, percent)]
    others = [each for each in seen.demands if not guardrails.is_drafts(each.order_id, percent)]
    first, second = (others, seen.playbook), (drafts, draft)
    if drafts and drafts[0] is seen.demands[0]:
        first, second = second, first
    early = _planned(first, seen.supply, seen.network, now)
    taken = [place for each in early for place in {choice.location_id for choice in each.choices}]
    late = _planned(second, seen.supply, _after(seen.network, taken), now)
    return (early, late) if first[1] is seen.playbook else (late, early)


def _after(network: Network, works: Sequence[LocationId]) -> Network:
    """With so much less room where work went already."""
    places = dict(network.places)
    for place, count in Counter(works).items():
        room = places[place].room
        if room is not None:
            places[place] = replace(places[place], room=max(0, room - count))
    return replace(network, places=places)


def _planned(
    side: tuple[Sequence[model.Demand], Playbook], supply: Supply, network: Network, now: datetime
) -> list[Decision]:
    demands, playbook = side
    return model.plan(demands, supply, network, playbook, now=now) if demands else []


def _record(
    tx: WriteTx, trial: Trial, decided: Sequence[Decision], tried: Sequence[Decision], now: datetime
) -> None:
    for by_draft, decisions in ((False, decided), (True, tried)):
        verbs.record(tx, trial=trial, decisions=decisions, by_draft=by_draft, at=now)


def start(tx: WriteTx, *, new: NewTrial, now: datetime) -> Trial:
    """Begin a trial. Raises Invalid, NotFound, Conflict, and Refused for a draft that may not decide.

    A draft that decides on some orders must hold and park them as the others are: one order, one set of queues.
    """
    document = rules.document(tx, number=new.draft)
    proposal = rule_sets.propose(tx, document=document, now=now)
    if not proposal.may_decide:
        raise errors.Refused(
            f"Version {new.draft} may not decide: its golden cases fail, or something is wrong."
        )
    if new.kind is TrialKind.CANARY and not _shares(document, rules.playbook(tx).document):
        raise errors.Refused(
            "Its runs or queues differ from those that hold now: try it silently, or let it decide."
        )
    return verbs.start(tx, new=new, at=now)


def _shares(draft: RuleSet, active: RuleSet) -> bool:
    """Whether work of both is released and parked alike."""
    sides = [
        (each.queues, [(run.name, run.active, run.schedule, run.timezone, run.release) for run in each.runs])
        for each in (draft, active)
    ]
    return sides[0] == sides[1]


def verdict(tx: ReadTx, *, trial: Trial) -> Verdict:
    """What is to be said of a trial by now."""
    active, draft = hindsight.sides(tx, trial_id=trial.id)
    return guardrails.judge(trial.kind, active, draft, trial.guardrails)


def watch(world: World) -> Verdict | None:
    """Periodic: end a trial whose guardrails broke, or whose versions are not what they were."""
    with world.db.write(actor="system") as tx:
        trial = trials.running(tx)
        if trial is None:
            return None
        found = verdict(tx, trial=trial)
        if found.breaches:
            verbs.stop(tx, why=found.why, breached=True, at=world.clock.now())
        elif ended := _outlived(tx, trial):
            verbs.stop(tx, why=ended, at=world.clock.now())
        return found


def _outlived(tx: ReadTx, trial: Trial) -> str:
    state = rules.version(tx, number=trial.draft).state
    if state != "draft":
        return f"Version {trial.draft} is {state} by now."
    if rules.active_number(tx) != trial.against:
        return "Another version decides by now."
    return ""


def promote(tx: WriteTx, *, why: str, now: datetime) -> Version:
    """End the trial and let its draft decide on every order. Raises Refused if none runs, or if the draft may not."""
    trial = verbs.stop(tx, why=f"It decides on every order: {why}", at=now)
    return rule_sets.activate(tx, number=trial.draft, why=why, instead_of=trial.against, now=now)
