"""Orders that no rule can allocate wait in a queue with an owner, are retried, and end in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.builders import NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.rules import (
    Locations,
    Queue,
    Rejected,
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Split,
)
from doorstep.domain.routing.views import runs as run_views
from doorstep.flows.allocation import exception_queues, scheduled_runs
from doorstep.flows.fulfillment import fulfill
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

Decide = Callable[..., None]


class At:
    """A clock that stands still, some time from now."""

    def __init__(self, **later: float) -> None:
        self._now = NOON + timedelta(**later)

    def now(self) -> datetime:
        return self._now


def rule_set(*rules: Rule, schedule: str = "", rejected: Rejected | None = None) -> RuleSet:
    run = Run(name="run", schedule=schedule, routings=(Routing(name="all", rules=rules),))
    queues = (
        Queue(name="short", owner="planning", retry_minutes=(10, 60), auto_cancel_after_days=5),
        Queue(name="care", owner="customer service", wakes_on_stock=False),
    )
    return RuleSet(name="test", runs=(run,), queues=queues, rejected=rejected or Rejected())


@pytest.fixture
def decide_by(retailer: Retailer) -> Decide:
    """Let this rule set decide from now on."""

    def decide(document: RuleSet) -> None:
        def work(tx: WriteTx) -> None:
            version = rule_verbs.draft(tx, draft=Draft(document, "a test"), at=NOON)
            rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=NOON)

        retailer.write(work)

    return decide


def waits(retailer: Retailer, order_id: OrderId) -> tuple[str, timedelta | None, int]:
    """Queue, time until it ends, tries."""
    header = retailer.order(order_id).header
    ends = None if header.auto_cancel_at is None else header.auto_cancel_at - NOON
    return header.queue, ends, header.tries


WHOLE = Rule(name="whole", split=Split(by="none"), remainder=Remainder(then="queue", queue="short"))


def test_an_order_waits_in_the_queue_that_its_rule_names(retailer: Retailer, decide_by: Decide) -> None:
    decide_by(rule_set(WHOLE))
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 4)))
    queue, ends, tries = waits(retailer, order_id)
    assert (queue, tries) == ("short", 1)
    assert ends is not None
    assert ends > timedelta(days=4, hours=23)
    assert str(retailer.order(order_id).header.queue_reason).startswith(f"{SHIRT}: 4 of 4 available")


def test_new_stock_ends_the_waiting(retailer: Retailer, decide_by: Decide) -> None:
    decide_by(rule_set(WHOLE))
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 4)))
    more = Correction(SHIRT, retailer.location_ids["ST-22"], "delivery", change=1)
    retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=NOON))
    retailer.settle()
    assert [work.state for work in retailer.work(order_id)] == [State.OPEN]
    assert waits(retailer, order_id) == ("", None, 0)


def test_a_queue_without_retry_on_stock_waits_for_people(retailer: Retailer, decide_by: Decide) -> None:
    decide_by(
        rule_set(Rule(name="whole", split=Split(by="none"), remainder=Remainder(then="queue", queue="care")))
    )
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 4)))
    more = Correction(SHIRT, retailer.location_ids["ST-22"], "delivery", change=1)
    retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=NOON))
    retailer.settle()
    assert retailer.work(order_id) == []
    assert waits(retailer, order_id)[0] == "care"


def test_customer_care_is_a_queue_of_its_own(retailer: Retailer, decide_by: Decide) -> None:
    decide_by(rule_set(Rule(name="whole", split=Split(by="none"), remainder=Remainder(then="customer_care"))))
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 4)))
    more = Correction(SHIRT, retailer.location_ids["ST-22"], "delivery", change=1)
    retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=NOON))
    retailer.settle()
    assert (retailer.work(order_id), waits(retailer, order_id)[0]) == ([], "customer_care")


def test_orders_that_wait_too_long_are_canceled_with_a_reason(retailer: Retailer, decide_by: Decide) -> None:
    decide_by(rule_set(WHOLE))
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 4)))
    context = retailer.app.context
    assert exception_queues.cancel_overdue(replace(context, clock=At(days=4))) == 0
    assert exception_queues.cancel_overdue(replace(context, clock=At(days=6))) == 1
    assert retailer.order(order_id).header.canceled_at is not None
    assert exception_queues.cancel_overdue(replace(context, clock=At(days=6))) == 0


def test_a_rule_may_end_the_waiting_at_once(retailer: Retailer, decide_by: Decide) -> None:
    decide_by(rule_set(Rule(name="lines", split=Split(by="lines"), remainder=Remainder(then="cancel"))))
    order_id = retailer.place_order(order_snapshot(line("DJ-BL-01"), line(SHIRT, 4)))
    order = retailer.order(order_id)
    assert [(each.allocated, each.canceled) for each in order.lines] == [(1, 0), (0, 4)]
    assert order.header.canceled_at is None


def test_what_is_found_of_an_incomplete_order_is_held_back(retailer: Retailer, decide_by: Decide) -> None:
    held = Split(by="lines", hold_in_stock_part=True)
    decide_by(rule_set(Rule(name="lines", split=held, remainder=Remainder(then="queue", queue="short"))))
    order_id = retailer.place_order(order_snapshot(line("DJ-BL-01"), line(SHIRT, 4)))
    assert [work.state for work in retailer.work(order_id)] == [State.PLANNED]
    assert retailer.count("DJ-BL-01", "WH-A")[1] == 1


def test_a_scheduled_run_routes_the_orders_that_wait_for_it(retailer: Retailer, decide_by: Decide) -> None:
    decide_by(rule_set(WHOLE, schedule="0 2 * * *"))
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 2)))
    assert retailer.work(order_id) == []
    context = retailer.app.context
    assert scheduled_runs.run_due(context) == 0
    assert scheduled_runs.run_due(replace(context, clock=At(days=1, minutes=1))) == 1
    (work,) = retailer.work(order_id)
    assert work.state is State.PLANNED
    (run,) = retailer.read(run_views.history)
    assert (run.run, run.attempted, run.routed, run.result) == ("run", 1, 1, "done")


def test_a_location_that_rejected_can_be_excluded_for_all_orders(
    retailer: Retailer, decide_by: Decide
) -> None:
    decide_by(rule_set(WHOLE, rejected=Rejected(days=3, scope="sku")))
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 2)))
    (work,) = retailer.work(order_id)
    reject = RejectReason.NO_CAPACITY
    retailer.write(
        lambda tx: fulfill.reject(tx, fulfillment_order_id=work.id, reason=reject, note="", now=NOON)
    )
    other = retailer.place_order(order_snapshot(line(SHIRT, 2)))
    assert retailer.work(other) == []
    assert waits(retailer, other)[0] == "short"


def test_only_locations_of_the_rule_are_considered(retailer: Retailer, decide_by: Decide) -> None:
    first = Rule(name="warehouse B", locations=Locations(codes=("WH-B",)), split=Split(by="none"))
    decide_by(rule_set(first, WHOLE))
    order_id = retailer.place_order(order_snapshot(line("DJ-BL-01")))
    codes = {location: code for code, location in retailer.location_ids.items()}
    assert [codes[work.location_id] for work in retailer.work(order_id)] == ["WH-B"]
