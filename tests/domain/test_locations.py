"""Validation of locations: every invalid field is named."""

from __future__ import annotations

import pytest
from tests.builders import location

from doorstep.domain.network.model.location import check
from doorstep.kernel import errors


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("code", "two words"),
        ("name", " "),
        ("country", "India"),
        ("latitude", 91.0),
        ("timezone", "Mumbai"),
        ("cut_off", "4 pm"),
        ("country", "XX"),
        ("gstin", "27AABCN9999N1Z0"),
        ("gstin", "27AABCN9999"),
        ("gstin", "27AAPFU0939F1ZW"),
        ("gstin", "27aapfu0939f1zv"),
    ],
)
def test_a_field_that_is_wrong_is_named(field: str, wrong: object) -> None:
    given = {"code": "A"} | {field: wrong}
    with pytest.raises(errors.Invalid) as refused:
        check(location(**given))  # type: ignore[arg-type]  # wrong on purpose
    assert refused.value.data["field"] == field


@pytest.mark.parametrize(("day", "times"), [("mon", "10-21"), ("monday", "10:00-21:00")])
def test_a_wrong_opening_time_is_named_by_its_day(day: str, times: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        check(location(code="A", hours={day: times}))
    assert refused.value.data["field"] == f"hours.{day}"


@pytest.mark.parametrize(
    "given",
    [{}, {"gstin": ""}, {"gstin": "27AAPFU0939F1ZV"}, {"country": "DE", "gstin": "no number of India"}],
)
def test_what_is_right_passes(given: dict[str, str]) -> None:
    check(location("A", hours={"sun": "10:00-24:00"}, **given))
