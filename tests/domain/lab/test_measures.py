"""Compare two replays: totals, improvements, changed orders, and limits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from doorstep.domain.routing.model import Choice, Scores
from doorstep.domain.routing.model.lab import (
    Compared,
    Gate,
    Measured,
    OrderResult,
    compare,
    differences,
    gates,
    measure,
)
from doorstep.domain.routing.model.lab.measures import MEASURES, busy
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, OrderId, Sku

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
A, B = LocationId(1), LocationId(2)
CODES = {A: "WH-A", B: "WH-B"}
SHIRT = Sku("SHIRT")


def outcome(number: int, *sent: tuple[LocationId, int], cost: int = 0, short: int = 0) -> OrderResult:
    choices = tuple(Choice(1, SHIRT, location, units) for location, units in sent)
    scores = Scores(cost_minor=cost, parcels=len(sent), km=10 * len(sent), miss=0.5, co2_grams=7)
    return OrderResult(OrderId(number), AT, choices, scores, short, "because", "the rule")


def test_totals_are_of_orders_that_were_sent_something() -> None:
    found = measure(
        [outcome(1, (A, 2), cost=100), outcome(2, (A, 1), (B, 1), cost=300), outcome(3, short=2)],
        codes=CODES,
        seconds=0.5,
    )
    figures = (found.orders, found.served, found.cost_minor, found.parcels, found.splits, found.km)
    assert figures == (3, 2, 400, 3, 1, 30)
    assert (found.misses, found.co2_grams, found.short_units, found.a_second) == (1.0, 14, 2, 6.0)
    assert [(each.location, each.day, each.orders, each.units) for each in found.loads] == [
        ("WH-A", date(2026, 11, 22), 2, 3),
        ("WH-B", date(2026, 11, 22), 1, 1),
    ]


def test_measures_are_per_order_and_the_smaller_the_better() -> None:
    before = Measured(orders=2, served=2, cost_minor=200, parcels=2, short_units=0)
    after = Measured(orders=2, served=2, cost_minor=150, parcels=3, short_units=1)
    found = {each.measure.key: each for each in compare(before, after)}
    assert (found["cost"].before, found["cost"].after, found["cost"].ratio) == (100, 75, 0.75)
    assert {key: each.mark for key, each in found.items() if each.mark != "same"} == {
        "cost": "better",
        "parcels": "worse",
        "unfilled": "worse",
    }
    assert (found["unfilled"].ratio, found["km"].ratio) == (None, 1.0)


def test_nothing_served_has_no_figures() -> None:
    nothing = Measured(orders=1)
    assert {each.before for each in compare(nothing, nothing)} == {0.0}
    assert nothing.a_second == 0.0


def test_locations_are_listed_with_the_busiest_first() -> None:
    before = measure([outcome(1, (A, 2)), outcome(2, (A, 1))], codes=CODES)
    after = measure([outcome(1, (A, 2)), outcome(2, (B, 1))], codes=CODES)
    assert [(each.location, each.orders, each.units, each.peak) for each in busy(before, after)] == [
        ("WH-A", (2, 1), (3, 2), (2, 1)),
        ("WH-B", (0, 1), (0, 1), (0, 1)),
    ]


def test_only_orders_with_another_location_change() -> None:
    old = [outcome(1, (A, 2), cost=100), outcome(2, (A, 1), cost=50), outcome(3, (A, 1))]
    new = [outcome(1, (A, 2), cost=90), outcome(2, (B, 1), cost=40), outcome(3, short=1)]
    moved, waits = differences(old, new, codes=CODES)
    assert (moved.order_id, moved.cost_minor, moved.before.words, moved.after.words) == (
        2, -10, "1 SHIRT from WH-A", "1 SHIRT from WH-B",
    )  # fmt: skip
    assert (waits.after.words, waits.after.sentence) == ("1 waiting", "because")
    assert outcome(4).order_id == 4
    (ended,) = differences([outcome(5, (A, 1))], [outcome(5)], codes=CODES)
    assert ended.after.words == "nothing to send"


def compared(key: str, before: float, after: float) -> Compared:
    return Compared(next(each for each in MEASURES if each.key == key), before, after)


def test_limits_are_read_and_held() -> None:
    limits = gates.read("cost<=1.00, splits <= 1.02,")
    assert limits == [Gate("cost", 1.0), Gate("splits", 1.02)]
    good = [compared("cost", 100, 100), compared("splits", 10, 10.2)]
    assert gates.broken(limits, good) == []
    bad = [compared("cost", 100, 101), compared("splits", 0, 1)]
    assert gates.broken(limits, bad) == [
        "Cost per order is 1.0100 times the current value; the limit is 1.0000.",
        "Orders in several parcels was 0 before and is 1 now.",
    ]


@pytest.mark.parametrize("text", ["cost<1", "luck<=1.00", "cost<=much"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(errors.Invalid, match="is not a valid limit: write it as cost<="):
        gates.read(text)
