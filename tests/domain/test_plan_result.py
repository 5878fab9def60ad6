"""Results of a batch of decisions: fulfillment orders, units, releases, promised dates, queues."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec import structs
from tests.routes import NOW, Scene, order, street

from doorstep.domain.routing.model import Decision, Demand, OrderAttributes, queues
from doorstep.domain.routing.model import result as results
from doorstep.domain.routing.model.queues import Placement
from doorstep.domain.routing.model.result import LocationPart, Result
from doorstep.domain.routing.model.rules import Queue, Remainder
from doorstep.domain.routing.model.rules.document import Release, Routing, Rule, Run
from doorstep.kernel.ids import LocationId, OrderId

DAY = timedelta(days=1)
WAYS = street({1: 10, 2: 20}, leaves_at={1: NOW + DAY, 2: NOW}, arrives_at={1: NOW + 2 * DAY, 2: NOW + DAY})
SCENE = Scene({"A": {1: 2}, "B": {2: 1}, "C": {1: 1, 2: 1}}, WAYS)
ONE, TWO = LocationId(1), LocationId(2)


def decided(*demands: Demand) -> list[Decision]:
    return SCENE.plan(*demands)


def result(demands: list[Demand], decisions: list[Decision], *runs: Run) -> Result:
    return results.result(decisions, demands=demands, ways=WAYS, runs=runs, now=NOW)


def run(schedule: str = "", **release: object) -> Run:
    chosen = Release(**release)  # type: ignore[arg-type]  # fields by name
    routing = Routing(name="all", rules=(Rule(name="rule"),))
    return Run(name="as they come", schedule=schedule, release=chosen, routings=(routing,))


def placed(part: LocationPart) -> tuple[int, int, list[tuple[int, int]]]:
    return part.order_id, part.location_id, [(each.line_no, each.quantity) for each in part.choices]


def test_an_order_has_one_part_per_location_with_its_times() -> None:
    demands = [order(("A", 1), ("B", 1), ("A", 1)), order(("C", 1), number=2)]
    found = result(demands, decided(*demands))
    assert [placed(each) for each in found.parts] == [
        (1, 1, [(1, 1), (3, 1)]),
        (1, 2, [(2, 1)]),
        (2, 1, [(1, 1)]),
    ]
    assert [(each.leaves_at, each.arrives_at) for each in found.parts][:2] == [
        (NOW + DAY, NOW + 2 * DAY),
        (NOW, NOW + DAY),
    ]
    assert found.units == {(1, 1): 1, (1, 3): 1, (1, 2): 1, (2, 1): 1}
    assert found.missing == {}


def test_what_is_not_there_is_missing() -> None:
    demands = [order(("Z", 1), ("B", 9), ("A", 1)), order(("C", 1), number=2)]
    found = result(demands, decided(*demands))
    assert found.missing == {1: ("B", "Z")}
    assert found.units == {(1, 3): 1, (2, 1): 1}


def test_a_part_without_a_lane_has_no_times() -> None:
    (decision,) = decided(order(("A", 1)))
    (part,) = Result([decision]).parts
    assert (part.leaves_at, part.arrives_at, part.is_planned) == (None, None, False)


@pytest.mark.parametrize(
    ("chosen", "planned", "after"),
    [
        (run(), False, None),
        (run(schedule="0 2 * * *"), True, NOW),
        (run(mode="held", hold_minutes=30), True, NOW + timedelta(minutes=30)),
        (run(mode="metered"), True, NOW),
    ],
)
def test_work_of_a_run_that_does_not_release_at_once_is_planned(
    chosen: Run, planned: bool, after: datetime | None
) -> None:
    demands = [order(("A", 1))]
    (part,) = result(demands, decided(*demands), chosen).parts
    assert (part.is_planned, part.release_after, part.held_back) == (planned, after, False)


def test_work_that_waits_for_the_rest_is_held_back() -> None:
    demands = [order(("A", 1))]
    (decision,) = decided(*demands)
    held = replace(decision, hold_back=True)
    (part,) = result(demands, [held]).parts
    assert (part.is_planned, part.release_after, part.held_back) == (True, NOW, True)
    (undated,) = Result([held]).parts
    assert (undated.is_planned, undated.release_after) == (True, None)


def test_replanned_work_keeps_its_release_time() -> None:
    demands = [order(("A", 1)), order(("B", 1), number=2)]
    again = replace(result(demands, decided(*demands), run()), replanned={OrderId(1): NOW, OrderId(2): None})
    assert [(each.is_planned, each.release_after) for each in again.parts] == [(True, NOW), (True, None)]


def test_only_orders_without_any_date_are_promised_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "promised_at", lambda *_: NOW + 3 * DAY)
    demands = [
        order(("A", 1)),
        order(("B", 1), number=2, attributes=OrderAttributes(promised_at=NOW + DAY)),
        order(("C", 5), number=3),
        order(("Z", 1), number=4),
    ]
    assert result(demands, decided(*demands)).promised == {1: NOW + 3 * DAY}
    monkeypatch.setattr(results, "promised_at", lambda *_: None)
    assert result(demands, decided(*demands)).promised == {}


# Exception queues -------------------------------------------------------------------------------------------------

CARE = Queue("care", "customer service", wakes_on_stock=False)
SLOW = Queue("slow", "operations", retry_minutes=(5, 60), auto_cancel_after_days=3)


def waiting(rest: Remainder | None, *, routing: str = "all", tries: int = 0) -> Placement:
    """Where an order goes that misses Z."""
    (decision,) = decided(order(("Z", 1)))
    missing = replace(decision, remainder=rest, routing=routing)
    (found,) = queues.placements([missing], queues=[CARE, SLOW], tries={OrderId(1): tries}, now=NOW).values()
    return found


def minutes(placement: Placement) -> int | None:
    return None if placement.retry_at is None else (placement.retry_at - NOW) // timedelta(minutes=1)


def test_an_order_that_is_allocated_is_in_no_queue() -> None:
    assert queues.placements(decided(order(("A", 1))), queues=[], tries={}, now=NOW) == {}


@pytest.mark.parametrize(
    ("rest", "queue", "retried_after", "wakes"),
    [
        (None, "", 15, True),
        (Remainder(then="queue", queue="slow"), "slow", 5, True),
        (Remainder(then="queue", queue="care"), "care", None, False),
        (Remainder(then="backorder"), "backorder", 15, True),
        (Remainder(then="customer_care"), "customer_care", None, False),
    ],
)
def test_the_rest_of_the_rule_names_the_queue(
    rest: Remainder | None, queue: str, retried_after: int | None, wakes: bool
) -> None:
    found = waiting(rest)
    assert (found.queue, minutes(found), found.wakes_on_stock) == (queue, retried_after, wakes)
    assert str(found.reason).startswith("Z: ")


def test_the_last_retry_time_repeats() -> None:
    slow = Remainder(then="queue", queue="slow")
    assert [minutes(waiting(slow, tries=tries)) for tries in range(4)] == [5, 60, 60, 60]


def test_an_order_that_no_routing_matches_waits_for_a_user_or_stock() -> None:
    found = waiting(None, routing="")
    assert (minutes(found), found.wakes_on_stock) == (None, True)


def test_the_rule_may_cancel_earlier_than_its_queue() -> None:
    assert waiting(Remainder(then="queue", queue="slow")).auto_cancel_at == NOW + 3 * DAY
    sooner = Remainder(then="queue", queue="slow", auto_cancel_after_days=1)
    assert waiting(sooner).auto_cancel_at == NOW + DAY
    kept = waiting(Remainder(then="queue", queue="care", forget_auto_cancel=True))
    assert (kept.auto_cancel_at, kept.forgets_auto_cancel) == (None, True)


def test_a_decision_without_lines_has_no_reason() -> None:
    (decision,) = decided(order(("Z", 1)))
    bare = replace(decision, explanation=structs.replace(decision.explanation, lines=()))
    assert not queues.missing_reason(bare)
