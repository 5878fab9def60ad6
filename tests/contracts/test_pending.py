"""The contract of results.Followed, for every feature that a vendor may take now and finish later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest
from tests.contracts import stage
from tests.contracts.conftest import Open
from tests.contracts.test_connectors import CASES

from doorstep.domain.connections import model as connections
from doorstep.kernel import errors
from doorstep.kernel.results import Done, Followed, Pending

LATER = [each for each in CASES if each.values[0].name in stage.later(each.values[0].connector)]


@pytest.mark.parametrize(
    "connector", [pytest.param(each, id=f"{each.kind}-{each.id}") for each in stage.found()]
)
def test_who_is_followed_says_what_may_be_finished_later(connector: connections.Connector) -> None:
    assert bool(stage.later(connector)) is hasattr(connector.connect, "check")
    assert stage.later(connector) <= connector.features


def begun(open_stage: Open, case: stage.Case) -> tuple[stage.Follower, Mapping[str, str], Pending]:
    """A call that the vendor has taken and not finished."""
    opened = cast("stage.Follower", open_stage(case.connector))
    context = opened.prepare(case.name)
    opened.finish_later()
    assert isinstance(opened.connector, Followed)
    answer = case.feature.act(opened.connector, context)
    assert isinstance(answer, Pending)
    assert answer.check_after.total_seconds() > 0
    return opened, context, answer


def assert_is_done(opened: stage.Follower, case: stage.Case, context: Mapping[str, str], handle: str) -> None:
    """However often it is asked for, and found by its look-up where the port has one."""
    for _ in range(2):
        ended = opened.connector.check(handle)
        assert isinstance(ended, Done)
        find = case.feature.find
        result = find(opened.connector, context) if find else case.feature.ended(ended)
        assert case.feature.good(result)
    assert opened.effects(case.name) == 1


@pytest.mark.parametrize("case", LATER)
def test_a_call_is_pending_until_the_vendor_finishes_it(open_stage: Open, case: stage.Case) -> None:
    opened, context, answer = begun(open_stage, case)
    for _ in range(2):
        again = opened.connector.check(answer.handle)
        assert isinstance(again, Pending)
        answer = again
    assert opened.effects(case.name) == 0
    if case.feature.find:
        assert case.feature.find(opened.connector, context) is None
    opened.finish()
    assert_is_done(opened, case, context, answer.handle)


@pytest.mark.parametrize("case", [each for each in LATER if each.values[0].feature.has_reference])
def test_a_repeat_under_our_reference_is_the_same_call(open_stage: Open, case: stage.Case) -> None:
    opened, context, answer = begun(open_stage, case)
    assert case.feature.act(opened.connector, context) == answer
    opened.finish()
    assert_is_done(opened, case, context, answer.handle)


@pytest.mark.parametrize("fault", stage.Fault)
@pytest.mark.parametrize("case", LATER)
def test_a_question_that_fails_is_asked_again_and_changes_nothing(
    open_stage: Open, case: stage.Case, fault: stage.Fault
) -> None:
    opened, context, answer = begun(open_stage, case)
    opened.fail_check(fault)
    with pytest.raises(errors.DoorstepError) as caught:
        opened.connector.check(answer.handle)
    if fault is not stage.Fault.ERROR:
        assert isinstance(caught.value, errors.Unavailable)
        assert not getattr(caught.value, "maybe_done", False)
    opened.finish()
    assert_is_done(opened, case, context, answer.handle)
