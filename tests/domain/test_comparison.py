"""How the calls of a connection in shadow mode compare with what others did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.clock import NOON

from doorstep.domain.connections.model import comparison
from doorstep.domain.connections.model.comparison import Fact, Facts, Result, compare, matched, units


@pytest.mark.parametrize(
    ("ours", "theirs", "differs"),
    [
        ({Fact.TRACKING_NUMBER: "1Z 99-A"}, {Fact.TRACKING_NUMBER: "1z99a"}, ()),
        ({Fact.TRACKING_NUMBER: "1Z99A"}, {Fact.TRACKING_NUMBER: "1Z99B"}, (Fact.TRACKING_NUMBER,)),
        ({Fact.TRACKING_NUMBER: "1Z99A", Fact.CARRIER: "UPS"}, {Fact.TRACKING_NUMBER: "1Z99A"}, ()),
        ({Fact.CARRIER: ""}, {Fact.CARRIER: "UPS"}, ()),
        ({Fact.UNITS: "A × 1", Fact.AMOUNT: "INR 5.00"}, {Fact.UNITS: "A × 2", Fact.AMOUNT: "INR 6.00"}, (Fact.UNITS, Fact.AMOUNT)),
    ],
)  # fmt: skip
def test_what_only_one_side_knows_says_nothing(ours: Facts, theirs: Facts, differs: tuple[Fact, ...]) -> None:
    found = compare(ours, theirs)
    assert (found.differs, found.theirs) == (differs, theirs)
    assert found.result is (Result.DIFFERENT if differs else Result.SAME)


def test_units_are_the_same_in_any_order() -> None:
    assert units({"B": 2, "A": 1, "C": 0}) == units({"A": 1, "B": 2}) == "A × 1, B × 2"


def numbered(number: str = "", lines: str = "") -> Facts:
    return {Fact.TRACKING_NUMBER: number, Fact.UNITS: lines}


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs"),
    [
        ([], [numbered("1")], []),
        ([numbered("1"), numbered("2")], [numbered("2"), numbered("1")], [1, 0]),
        ([numbered("1", "A × 1"), numbered("2", "A × 1")], [numbered("9", "A × 1"), numbered("1", "A × 1")], [1, 0]),
        ([numbered("1", "A × 2")], [numbered("9", "B × 1"), numbered("8", "A × 1, C × 1")], [1]),
        ([numbered("1", "A × 1"), numbered("2", "A × 1")], [numbered("9", "A × 1")], [0, None]),
        ([numbered()], [numbered()], [None]),
    ],
)  # fmt: skip
def test_a_deed_is_matched_by_its_number_then_by_its_units(
    ours: list[Facts], theirs: list[Facts], pairs: list[int | None]
) -> None:
    assert matched(ours, theirs) == pairs


@pytest.mark.parametrize(
    ("result", "hours", "minutes"),
    [
        (Result.OPEN, 1, 15),
        (Result.ONLY_OURS, 6, 360),
        (Result.DIFFERENT, 24 * 6, 360),
        (Result.SAME, 1, None),
        (Result.ONLY_OURS, 24 * 7, None),
    ],
)
def test_what_may_change_is_compared_again_for_a_week(
    result: Result, hours: int, minutes: int | None
) -> None:
    found = comparison.next_look(result, occurred_at=NOON - timedelta(hours=hours), now=NOON)
    assert found == (None if minutes is None else NOON + timedelta(minutes=minutes))
