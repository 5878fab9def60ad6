"""Conditions in CEL: errors on saving with their position and a suggestion; the value of every variable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.domain.routing.model import Demand, DemandLine, Lane, OrderAttributes, RoutingLocation
from doorstep.domain.routing.model.rules import Wrong, conditions
from doorstep.domain.routing.model.rules.variables import NO_LIMIT, NO_PROMISE_DAYS, VARIABLES, Reading
from doorstep.kernel.ids import LocationId, OrderId, Sku

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("order.chanel == 'web'", "line 1 column 6: order.chanel is unknown, did you mean order.channel?"),
        ("order.priority > 1 &&\n  lane.xyz", ("line 2 column 7: lane.xyz is unknown, available: lane.km, lane.days, "
         "lane.in_time, lane.cost_minor, lane.today, lane.miss, lane.carrier, lane.service, lane.zone")),
        ("customer > 1", "line 1 column 1: customer is unknown, available: order.…, location.…, lane.…"),
        ("lane.km > 50", "line 1 column 9: > does not accept (double, int): write whole numbers as 50.0 beside fractions"),
        ("order.channel > 5", "line 1 column 15: > does not accept (string, int)"),
        ("'x' in order.channel", "line 1 column 5: in does not accept (string, string)"),
        ("order.units", "line 1 column 1: a condition must be true or false, this one is INT: compare it with a value"),
        ("order.units > 99999999999999999999", "line 1 column 15: invalid int literal"),
        ("(" * 200 + "true" + ")" * 200, "line 1 column 1: Expression recursion limit exceeded. limit: 32"),
        ("'" + "x" * 2_000, "line 1 column 1: a condition has at most 2,000 characters, this one has 2,001"),
    ],
)  # fmt: skip
def test_what_does_not_compile_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Wrong) as refused:
        conditions.compile(text, "rules[0].when")
    assert refused.value.message == f"rules[0].when, {said}"


def test_a_condition_lists_its_variables() -> None:
    condition = conditions.compile(
        "lane.km < 5.0 && order . tags.exists(t, t == 'vip') && order.units > 1", "when"
    )
    assert condition.names == ("order.tags", "order.units", "lane.km")
    assert not condition.against((("vip",), 2, 4.0))
    assert str(condition.against((("vip",), 1, 4.0))).startswith("condition not met: lane.km < 5.0")


def test_a_value_of_another_type_cannot_be_evaluated() -> None:
    condition = conditions.compile("order.placed_at.getFullYear() > 2000", "when")
    assert not condition.against((NOW,))
    with pytest.raises(conditions.CannotEvaluate, match=r"Unexpected value type for 'order\.placed_at'"):
        condition.against((None,))


def test_every_variable_reads_a_value_of_its_kind() -> None:
    location = RoutingLocation(
        LocationId(1), "HUB", "Hub", 0.0, 0.0, ships=True, groups=frozenset({"b", "a"}), free_capacity=4
    )
    wants = (DemandLine(1, Sku("B"), 2, grams=600, category="tops"), DemandLine(2, Sku("A"), 1, grams=50))
    attributes = OrderAttributes(
        placed_at=NOW, promised_at=NOW + timedelta(days=2), tags=("vip",), pickup="HUB"
    )
    lane = Lane(
        location.id, km=1.5, parcel_minor=100, kilo_minor=10, unit_minor=1, arrives_at=NOW + timedelta(days=3)
    )
    reading = Reading(Demand(OrderId(1), wants, attributes=attributes), NOW, location, lane)
    read = {name: each.read(reading) for name, each in VARIABLES.items()}
    reported = {
        "order.promised_in_days": 2, "order.tags": ("vip",), "order.is_pickup": True, "order.skus": ("A", "B"),
        "order.categories": ("tops",), "order.lines": 2, "order.units": 3, "order.grams": 1250,
        "location.groups": ("a", "b"), "location.free_capacity": 4, "lane.days": 3, "lane.in_time": False, "lane.cost_minor": 123,
    }  # fmt: skip
    assert {name: read[name] for name in reported} == reported
    every = " || ".join(f"{name} == {name}" for name in VARIABLES)
    condition = conditions.compile(every, "when")
    assert condition.names == tuple(VARIABLES)
    assert not condition.against(tuple(read.values()))


def test_unknown_dates_are_far_away_and_without_limit() -> None:
    location = RoutingLocation(LocationId(1), "HUB", "Hub", 0.0, 0.0, ships=True)
    reading = Reading(Demand(OrderId(1), ()), NOW, location, Lane(location.id))
    assert VARIABLES["order.promised_in_days"].read(reading) == NO_PROMISE_DAYS
    assert VARIABLES["lane.days"].read(reading) == NO_PROMISE_DAYS
    assert VARIABLES["location.free_capacity"].read(reading) == NO_LIMIT
    assert VARIABLES["lane.in_time"].read(reading) is True


def test_order_conditions_are_evaluated_without_a_location() -> None:
    with pytest.raises(
        Wrong, match=r"lane\.km is unknown, as no location is known yet: use it in a rule's locations"
    ):
        conditions.compile("lane.km < 5.0", "orders.when", of_orders=True)
    with pytest.raises(Wrong, match=r"customer is unknown, available: order\.…$"):
        conditions.compile("customer == 'x'", "orders.when", of_orders=True)
