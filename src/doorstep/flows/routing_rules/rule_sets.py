"""Validate and activate routing rule sets: names must exist and test cases must pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.network import views as sites
from doorstep.domain.routing.actions import rules as verbs
from doorstep.domain.routing.actions.rules import Draft, Version
from doorstep.domain.routing.model import Network, case_results
from doorstep.domain.routing.model.case_results import CaseOutcome
from doorstep.domain.routing.model.rules import RuleSet, checks, diff
from doorstep.domain.routing.model.rules.cases import Case
from doorstep.domain.routing.model.rules.diff import RuleDifference
from doorstep.domain.routing.views import rules as views
from doorstep.flows.network import lanes
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.documents import Problem


@dataclass(frozen=True, slots=True)
class Preview:
    """A document compared with the active rule set: problems, changes, results of its test cases."""

    document: RuleSet
    instead_of: int | None
    problems: tuple[Problem, ...]
    changes: tuple[RuleDifference, ...]
    outcomes: tuple[CaseOutcome, ...]

    @property
    def red(self) -> list[CaseOutcome]:
        return [each for each in self.outcomes if not each.is_green]

    @property
    def may_decide(self) -> bool:
        """Whether it can be activated."""
        return not self.problems and not self.red


def preview(tx: ReadTx, *, document: RuleSet, now: datetime) -> Preview:
    """Check a document; nothing is stored. Test cases run only if nothing else is wrong."""
    number = views.active_number(tx)
    found = problems(tx, document=document, now=now)
    differences = diff.changes(views.document(tx, number=number), document)
    outcomes = () if found else tuple(run_cases(tx, document=document))
    return Preview(document, number, found, tuple(differences), outcomes)


def problems(tx: ReadTx, *, document: RuleSet, now: datetime) -> tuple[Problem, ...]:
    """All problems of a document, including names that do not exist here."""
    return (*checks.problems(document), *_unknown(tx, document, now))


def _unknown(tx: ReadTx, document: RuleSet, now: datetime) -> Iterator[Problem]:
    """A filter on a name that does not exist matches nothing, and no one would notice."""
    named = list(_names(document))
    if not named:
        return
    locations = lanes.network(tx, currency="", at=now).locations.values()
    known = {
        "location": {each.code for each in locations},
        "group of locations": {group for each in locations for group in each.groups},
        "channel": {each.key for each in connections.all_connections(tx) if each.kind == Kind.CHANNELS},
    }
    for path, kind, name in named:
        if name not in known[kind]:
            there = ", ".join(sorted(known[kind])) or "none"
            yield Problem(path, f"There is no {kind} {name}. Existing: {there}.")


def _names(document: RuleSet) -> Iterator[tuple[str, str, str]]:
    """The names used in filters: path, kind, name."""
    for at, run in enumerate(document.runs):
        for index, routing in enumerate(run.routings):
            path = f"runs[{at}].routings[{index}]"
            yield from _each(f"{path}.orders.channels", "channel", routing.orders.channels)
            for rank, rule in enumerate(routing.rules):
                below = f"{path}.rules[{rank}].locations"
                yield from _each(f"{below}.codes", "location", rule.locations.codes)
                yield from _each(f"{below}.groups", "group of locations", rule.locations.groups)
                yield from _each(f"{below}.not_groups", "group of locations", rule.locations.not_groups)


def _each(path: str, kind: str, names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for number, name in enumerate(names):
        yield f"{path}[{number}]", kind, name


def run_cases(tx: ReadTx, *, document: RuleSet) -> list[CaseOutcome]:
    """Run the test cases of a document on the installed locations, with the calendars of each case's time.

    What changes by the hour (backlog, capacity used, pauses, rejects) is left out unless a case states it: a rule set does not
    become wrong because today is busy.
    """

    def installed(case: Case) -> Network:
        found = lanes.network(tx, currency=document.currency, at=case.at)
        quiet = {
            each.id: replace(each, free_capacity=None, backlog_hours=0.0, reject_rate=0.0, paused="")
            for each in found.locations.values()
        }
        return replace(found, locations=quiet)

    closed = {each.code for each in sites.locations(tx).values() if not each.active}
    return case_results.run_cases(document, installed=installed, closed=closed)


def draft(tx: WriteTx, *, draft: Draft, now: datetime) -> Version:
    """Store a document as a draft. Raises Invalid with all problems."""
    _refuse(problems(tx, document=draft.document, now=now))
    return verbs.draft(tx, draft=draft, at=now)


def _refuse(found: Iterable[Problem]) -> None:
    reported = list(found)
    if reported:
        raise errors.Invalid(
            " ".join(f"{each.path}: {each.message}" for each in reported),
            problems=[{"path": each.path, "message": each.message} for each in reported],
        )


def activate(tx: WriteTx, *, number: int, why: str, instead_of: int | None, now: datetime) -> Version:
    """Activate a draft. Raises Invalid if it has problems by now, Refused unless its test cases pass."""
    document = views.document(tx, number=number)
    _refuse(problems(tx, document=document, now=now))
    red = [each for each in run_cases(tx, document=document) if not each.is_green]
    if red:
        reported = " ".join(f"{each.name}: {' '.join(each.differences)}" for each in red)
        raise errors.Refused(
            f"{len(red)} of {len(document.cases)} test cases failed. {reported}",
            cases={each.name: list(each.differences) for each in red},
        )
    return verbs.activate(tx, number=number, why=why, instead_of=instead_of, at=now)
