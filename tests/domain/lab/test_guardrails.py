"""Guardrails: a minimum number of orders, every measure may end a trial, improvements never do."""

from __future__ import annotations

import pytest

from doorstep.domain.routing.model.lab import Guardrails, Tally, TrialKind, guardrails
from doorstep.kernel import errors

ACTIVE = Tally(orders=1000, served=1000, cost_minor=100_000, splits=100, misses=50, rejects=20)
CANARY, SHADOW = TrialKind.CANARY, TrialKind.SHADOW


def draft(**reported: float) -> Tally:
    """A hundred orders that went as they do now, except as given."""
    known = {"orders": 100, "served": 100, "cost_minor": 10_000, "splits": 10, "misses": 5, "rejects": 2}
    return Tally(**(known | reported))  # type: ignore[arg-type]  # fields by name


def test_few_orders_say_nothing() -> None:
    few = Tally(orders=99, served=99, cost_minor=990_000)
    assert not guardrails.check(CANARY, ACTIVE, few, Guardrails()).is_enough
    assert not guardrails.check(CANARY, Tally(), draft(), Guardrails()).is_enough
    assert (Tally().cost, Tally().reject_percent) == (0.0, 0.0)


def test_a_draft_with_the_same_result_continues() -> None:
    found = guardrails.check(CANARY, ACTIVE, draft(), Guardrails())
    assert (found.is_enough, found.breaches, found.is_better) == (True, (), False)


@pytest.mark.parametrize(
    ("reported", "why"),
    [
        ({"cost_minor": 10_600}, "An order costs 1.06 times the current cost (limit: 1.05)."),
        ({"splits": 14}, "14.0 % of the orders come in several parcels, 10.0 % now (limit: 3 points more)."),
        ({"misses": 8}, "8.0 % of the orders are expected to be late, 5.0 % now (limit: 2 points more)."),
        ({"rejects": 5}, "5.0 % of the orders were rejected, 2.0 % now (limit: 2 points more)."),
    ],
)  # fmt: skip
def test_every_guardrail_has_a_reason(reported: dict[str, float], why: str) -> None:
    assert guardrails.check(CANARY, ACTIVE, draft(**reported), Guardrails()).why == why


def test_what_is_decided_silently_is_never_rejected() -> None:
    assert guardrails.check(SHADOW, ACTIVE, draft(rejects=50), Guardrails()).breaches == ()


def test_cost_where_nothing_costed_anything() -> None:
    free = Tally(orders=100, served=100)
    found = guardrails.check(SHADOW, free, draft(), Guardrails())
    assert found.breaches[0] == "An order costs more than the current cost (limit: 1.05)."


@pytest.mark.parametrize(
    ("reported", "better"), [({"cost_minor": 9_000}, True), ({"cost_minor": 9_000, "misses": 6}, False), ({}, False)]
)  # fmt: skip
def test_better_is_cheaper_and_no_later(reported: dict[str, float], better: bool) -> None:
    assert guardrails.check(CANARY, ACTIVE, draft(**reported), Guardrails()).is_better is better


def test_guardrails_are_read_from_what_people_write() -> None:
    assert guardrails.guardrails({"cost_ratio": 1.2, "sample": 50}) == Guardrails(1.2, sample=50)
    with pytest.raises(errors.Invalid, match="These guardrails are not valid: Expected"):
        guardrails.guardrails({"cost_ratio": 0})


@pytest.mark.parametrize("percent", [1, 10, 50, 100])
def test_a_share_is_that_share_and_always_the_same(percent: int) -> None:
    mine = [number for number in range(10_000) if guardrails.is_drafts(number, percent)]
    assert len(mine) / 100 == pytest.approx(percent, abs=1.5)
    assert mine == [number for number in range(10_000) if guardrails.is_drafts(number, percent)]
