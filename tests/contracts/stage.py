"""Test a feature of any connector against a partner: success, failures, a repeated key."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

import doorstep.adapters
from doorstep.domain.connections import model as connections
from doorstep.kernel import errors, http
from doorstep.kernel.http import fake_partner
from doorstep.kernel.results import Done, Pending

Fault = fake_partner.Fault
CHANGES_DONE = {Fault.TIME_OUT, Fault.MALFORMED}  # the partner did the work, and its response was lost


@dataclass(frozen=True, slots=True)
class Hook:
    """A message as the vendor sends it, and the header that proves it."""

    headers: Mapping[str, str]
    body: bytes
    proof: str


class Stage(Protocol):
    """A connector connected to a partner of its vendor, freshly set up. One per vendor, in partners/<vendor>.py."""

    connector: Any

    def prepare(self, feature: str) -> Mapping[str, str]:
        """Create what the feature needs (an order, a payment …); returns its ids by name."""
        ...

    def fail(self, feature: str, fault: Fault) -> None:
        """Make the partner's next call of this feature fail."""
        ...

    def effects(self, feature: str) -> int:
        """How many times the partner has done this feature's work since `prepare`."""
        ...


class Receiver(Stage, Protocol):
    """The stage of a connector that also receives."""

    def hook(self) -> Hook:
        """A genuine message of the vendor."""
        ...


class Follower(Stage, Protocol):
    """The stage of a connector whose vendor takes some calls and finishes them later (kernel.results.Followed).

    Its module in partners/ names these features in LATER, by the connector's kind.
    """

    def finish_later(self) -> None:
        """The vendor takes the next calls, and finishes none of them."""
        ...

    def finish(self) -> None:
        """The vendor finishes what it has taken."""
        ...

    def fail_check(self, fault: Fault) -> None:
        """Make the next question how a call stands fail."""
        ...


@dataclass(frozen=True, slots=True)
class Feature:
    """How flows use a feature: `find` looks the work up before a repeat, `good` checks the result.

    Where the work cannot be looked up, flows do not repeat it while it is in doubt: `repeats_after_doubt` is False.
    `ended` is what flows take from a call that was taken first and finished later.
    `has_reference`: a call that is repeated is known by our reference.
    """

    act: Callable[[Any, Mapping[str, str]], object]
    good: Callable[[Any], bool]
    find: Callable[[Any, Mapping[str, str]], object | None] | None = None
    reads: bool = False
    repeats_after_doubt: bool = True
    ended: Callable[[Done], object] = lambda done: done.answer
    has_reference: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One feature of one connector."""

    connector: connections.Connector
    name: str
    feature: Feature


def found() -> list[connections.Connector]:
    """Every connector folder, as bootstrap finds them."""
    root = Path(doorstep.adapters.__file__).parent
    modules = sorted(root.glob("*/*/connector.py"))
    names = [f"doorstep.adapters.{path.parts[-3]}.{path.parts[-2]}.connector" for path in modules]
    return [importlib.import_module(name).CONNECTOR for name in names]


def cases(kind: connections.Kind, features: Mapping[str, Feature]) -> list[Any]:
    """What to run: each declared feature of each connector of a kind."""
    return [
        pytest.param(Case(connector, name, features[name]), id=f"{kind}-{connector.id}-{name}")
        for connector in found()
        if connector.kind is kind
        for name in sorted(connector.features - {"inbound"})
    ]


def later(connector: connections.Connector) -> frozenset[str]:
    """The features of a connector that its vendor may finish later."""
    wiring = importlib.import_module(f"tests.contracts.partners.{connector.id}")
    named: Mapping[connections.Kind, frozenset[str]] = getattr(wiring, "LATER", {})
    return named.get(connector.kind, frozenset())


def undeclared(kind: connections.Kind, features: Mapping[str, Feature]) -> set[str]:
    """Features that connectors declare and the port does not know."""
    declared = {name for one in found() if one.kind is kind for name in one.features}
    return declared - set(features) - {"inbound"}


def happy(stage: Stage, case: Case) -> None:
    """The work is done once."""
    context = stage.prepare(case.name)
    assert case.feature.good(acted(stage, case, context))
    if not case.feature.reads:
        assert stage.effects(case.name) == 1


def faulty(stage: Stage, case: Case, fault: Fault) -> None:
    """The error is one of ours and says what may have happened; after the retry the work is done once."""
    context = stage.prepare(case.name)
    stage.fail(case.name, fault)
    with pytest.raises(errors.DoorstepError) as caught:
        case.feature.act(stage.connector, context)
    failure = caught.value
    assert isinstance(
        failure, http.Unanswered if fault is not Fault.ERROR else http.Unanswered | http.Rejected
    )
    doubt = isinstance(failure, http.Unanswered) and failure.maybe_done
    if fault is not Fault.ERROR:
        assert doubt is (fault in CHANGES_DONE and not case.feature.reads)
    if not doubt or case.feature.repeats_after_doubt:
        assert case.feature.good(_settled(stage, case, context))
    if not case.feature.reads:
        assert stage.effects(case.name) == 1


def twice(stage: Stage, case: Case) -> None:
    """The same key twice has one result and is done once, where the work can be looked up."""
    context = stage.prepare(case.name)
    answers = [_settled(stage, case, context) for _ in range(2)]
    assert all(case.feature.good(answer) for answer in answers)
    if not case.feature.reads:
        assert answers[0] == answers[1]
    if not case.feature.reads and case.feature.repeats_after_doubt:
        assert stage.effects(case.name) == 1


def _settled(stage: Stage, case: Case, context: Mapping[str, str]) -> object:
    earlier = case.feature.find(stage.connector, context) if case.feature.find else None
    return acted(stage, case, context) if earlier is None else earlier


def acted(stage: Stage, case: Case, context: Mapping[str, str]) -> object:
    """What the feature ends with: a call that the vendor takes now and finishes later is followed to its end."""
    answer = case.feature.act(stage.connector, context)
    was_taken = isinstance(answer, Pending)
    for _look in range(10):
        if isinstance(answer, Pending):
            answer = stage.connector.check(answer.handle)
    return case.feature.ended(answer) if was_taken and isinstance(answer, Done) else answer
