"""Promises from future supply, as pure rules: by age, completely or not at all, and never a unit twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.inventory.model.promises import (
    Need,
    Promise,
    PromiseAllocator,
    Refusal,
    SellAhead,
    SellAheadMode,
    SuppliedUnits,
    check_sell_ahead,
    line_date,
    rearrange,
    supply_queue,
)
from doorstep.domain.inventory.model.supplies import (
    Announcement,
    Supply,
    SupplyKind,
    SupplyState,
    announced_again,
    check_announcement,
    received,
)
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, OrderId, Sku

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
A, B, WH = Sku("A"), Sku("B"), LocationId(1)


def day(number: int) -> date:
    return date(2026, 12, number)


def supply(number: int = 1, quantity: int = 10, eta: int = 10, sku: Sku = A, confidence: int = 100) -> Supply:
    return Supply(
        number, SupplyKind.ASN, "N", number, sku, WH, quantity, 0, day(eta), confidence, SupplyState.OPEN, "", 1
    )  # fmt: skip


def need(quantity: int, sku: Sku = A, order: int = 1) -> Need:
    return Need(OrderId(order), 1, sku, quantity)


def book(*supplies: Supply, outstanding: int = 0, **policies: SellAhead) -> PromiseAllocator:
    return PromiseAllocator(
        policies, supply_queue(supplies, ()), {"A": outstanding} if outstanding else {}, day(1)
    )


BACK = SellAhead(A, SellAheadMode.BACKORDER)
PRE = SellAhead(A, SellAheadMode.PREORDER)


# Supply -------------------------------------------------------------------------------------------------------------


ANNOUNCED = Announcement(SupplyKind.ASN, "N", 1, A, WH, 10, day(10), source="")


@pytest.mark.parametrize(
    ("reported", "field"),
    [
        (replace(ANNOUNCED, number=" "), "number"),
        (replace(ANNOUNCED, quantity=0), "quantity"),
        (replace(ANNOUNCED, confidence=101), "confidence"),
    ],
)
def test_a_line_that_announces_nothing_is_refused(reported: Announcement, field: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        check_announcement(reported)
    assert refused.value.data["field"] == field


def test_a_line_follows_its_document() -> None:
    before = supply()
    assert announced_again(before, ANNOUNCED) is before
    assert announced_again(before, replace(ANNOUNCED, quantity=4)).expected == 4
    closed = replace(before, state=SupplyState.CLOSED, received=12)
    assert announced_again(closed, replace(ANNOUNCED, quantity=12)) is closed
    assert announced_again(closed, replace(ANNOUNCED, quantity=15)).expected == 3
    assert closed.expected == 0
    gone = replace(before, state=SupplyState.CANCELED)
    assert announced_again(gone, ANNOUNCED) is gone
    for reported in (replace(ANNOUNCED, quantity=4), replace(ANNOUNCED, sku=B)):
        with pytest.raises(errors.Conflict):
            announced_again(gone, reported)


def test_what_came_is_counted_and_the_line_closes_when_all_is_there() -> None:
    part = received(supply(), 4)
    assert (part.expected, part.state) == (6, SupplyState.OPEN)
    whole = received(part, 7)
    assert (whole.expected, whole.state, whole.received) == (0, SupplyState.CLOSED, 11)
    assert received(whole, 1).received == 12
    with pytest.raises(errors.Invalid):
        received(part, 0)


# Promises -----------------------------------------------------------------------------------------------------------


def test_units_are_promised_by_date_from_supply_with_enough_confidence() -> None:
    supplies = (supply(1, 2, 9), supply(2, 5, 3, confidence=40), supply(3, 2, 20))
    asked = book(*supplies, A=replace(BACK, min_confidence=50, available_from_date=day(12)))
    assert asked.promise([need(5)]) == {
        (1, 1, "A"): [
            SuppliedUnits(2, 1, day(12)),
            SuppliedUnits(2, 3, day(20)),
            SuppliedUnits(1, None, None),
        ]
    }
    assert asked.promise([need(1)]) == {(1, 1, "A"): [SuppliedUnits(1, None, None)]}


def test_a_line_is_promised_completely_or_not_at_all() -> None:
    asked = book(supply(1, 3), A=PRE, B=replace(PRE, sku=B))
    refused = asked.promise([need(2), need(1, B)])
    assert isinstance(refused, Refusal)
    assert refused.because == "not enough B is incoming"
    assert asked.outstanding == {"A": 0, "B": 0}
    assert asked.promise([need(3)]) == {(1, 1, "A"): [SuppliedUnits(3, 1, day(10))]}


@pytest.mark.parametrize(
    ("policy", "because"),
    [
        (None, "A is not sold ahead"),
        (SellAhead(A, SellAheadMode.NONE), "A is not sold ahead"),
        (replace(BACK, until_date=date(2026, 11, 30)), "A was sold ahead until 2026-11-30"),
        (replace(BACK, quantity_limit=4), "2 of at most 4 A are promised ahead already"),
    ],
)
def test_a_sku_that_cannot_be_promised_has_a_reason(policy: SellAhead | None, because: str) -> None:
    asked = book(supply(), outstanding=2, **({"A": policy} if policy else {}))
    answer = asked.promise([need(3)])
    assert answer == Refusal(OrderId(1), 1, because)


def test_the_last_unit_and_the_last_day_of_a_limit_may_still_be_sold() -> None:
    asked = book(supply(), outstanding=2, A=replace(BACK, quantity_limit=5, until_date=day(1)))
    assert isinstance(asked.promise([need(3)]), dict)
    assert isinstance(asked.promise([need(1)]), Refusal)


def standing(number: int, quantity: int, supply_id: int | None, minute: int = 0, arrived: int = 0) -> Promise:
    eta = None if supply_id is None else day(10)
    made_at = NOW.replace(minute=minute)
    return Promise(number, number, 1, "A", quantity, arrived, supply_id, eta, made_at)


def test_who_waits_longest_is_served_first_when_supply_is_scarce() -> None:
    free = supply_queue([supply(2, 4)], [standing(9, 2, 2, arrived=1), standing(8, 1, 77)])
    assert free.left == {2: 3}
    loose = [standing(1, 2, None, minute=5), standing(2, 3, 1, minute=1, arrived=1)]
    assert rearrange(loose, {"A": BACK}, free) == [
        [SuppliedUnits(1, 2, day(10)), SuppliedUnits(1, None, None)],
        [SuppliedUnits(2, 2, day(10))],
    ]
    assert rearrange(loose[:1], {}, supply_queue([], [])) == [[SuppliedUnits(2, None, None)]]


def test_the_date_of_a_line_is_that_of_its_last_unit() -> None:
    assert line_date([day(3), day(9)]) == day(9)
    assert line_date([day(3), None]) is None
    assert line_date([]) is None


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (replace(BACK, quantity_limit=-1), "quantity_limit"),
        (replace(BACK, min_confidence=101), "min_confidence"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(policy: SellAhead, field: str) -> None:
    check_sell_ahead(BACK)
    with pytest.raises(errors.Invalid) as refused:
        check_sell_ahead(policy)
    assert refused.value.data["field"] == field


UNITS = st.integers(1, 6)


@given(
    st.lists(st.tuples(UNITS, st.integers(1, 20)), max_size=4),
    st.lists(st.lists(UNITS, min_size=1, max_size=2), max_size=6),
    st.sampled_from([PRE, BACK]),
    st.integers(0, 12) | st.none(),
)
def test_no_unit_is_promised_twice_and_the_limit_holds(
    lines: list[tuple[int, int]], orders: list[list[int]], policy: SellAhead, limit: int | None
) -> None:
    supplies = [supply(number, quantity, eta) for number, (quantity, eta) in enumerate(lines, 1)]
    asked = book(*supplies, A=replace(policy, quantity_limit=limit))
    units = []
    for wanted in orders:
        answer = asked.promise([need(quantity) for quantity in wanted])
        if isinstance(answer, dict):
            units += [promised for each in answer.values() for promised in each]
    taken = {each.id: 0 for each in supplies}
    for promised in units:
        if promised.supply_id is not None:
            taken[promised.supply_id] += promised.quantity
    assert all(taken[each.id] + asked.supply.left[each.id] == each.quantity for each in supplies)
    assert all(left >= 0 for left in asked.supply.left.values())
    if limit is not None:
        assert asked.outstanding.get("A", 0) <= limit
