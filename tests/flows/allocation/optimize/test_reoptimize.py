"""Planned work is re-optimized until it is released: a common order leaves the last unit to the order that needs it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.builders import DELHI, JACKET, NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.inventory.views import drift
from doorstep.domain.network import actions as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.batch import Reoptimized
from doorstep.domain.routing.model.rules import (
    Costs,
    Measure,
    Queue,
    Release,
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
)  # fmt: skip
from doorstep.domain.routing.views import runs as run_views
from doorstep.flows.allocation.optimize import reoptimize, unreleased
from doorstep.flows.capture import approve
from doorstep.flows.fulfillment import fulfill
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

MUMBAI = replace(DELHI, city="Mumbai", postal_code="400001", state_code="MH", latitude=18.94, longitude=72.83)
CHEAP = Rule(
    name="cheap",
    choose=(Sort(by=Measure.COST), Sort(by=Measure.DISTANCE)),
    split=Split(by="lines"),
    remainder=Remainder(then="queue", queue="short"),
)
HELD = RuleSet(
    name="held",
    currency="INR",
    queues=(Queue(name="short", owner="planning"),),
    runs=(
        Run(
            name="held",
            release=Release(mode="held", hold_minutes=30),
            routings=(Routing(name="all", rules=(CHEAP,)),),
        ),
    ),
    costs=Costs(split_minor=50_000),
    bundle_customers_orders=False,
)


@pytest.fixture
def held(retailer: Retailer) -> Iterator[Retailer]:
    """Work is held for half an hour before its location gets it."""

    def work(tx: WriteTx) -> None:
        version = rule_verbs.draft(tx, draft=Draft(HELD, "a test"), at=NOON)
        rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=NOON)

    retailer.write(work)
    yield retailer
    assert retailer.read(drift) == []


@pytest.fixture
def two(held: Retailer) -> tuple[OrderId, OrderId]:
    """A shirt for Mumbai takes the last one there; then somebody wants a jacket and a shirt, which only Mumbai has both of."""
    common = held.place_order(order_snapshot(line(SHIRT), shipping_address=MUMBAI))
    rare = held.place_order(order_snapshot(line(JACKET), line(SHIRT), shipping_address=MUMBAI))
    return common, rare


def where(retailer: Retailer, order_id: OrderId) -> list[str]:
    codes = {location: code for code, location in retailer.location_ids.items()}
    return sorted(codes[work.location_id] for work in retailer.work(order_id) if work.state is State.PLANNED)


def solve(retailer: Retailer) -> Reoptimized:
    solved = reoptimize.solve(retailer.app.context, seconds=2, clock=time.monotonic)
    assert solved is not None
    return solved


def test_the_last_unit_goes_to_the_order_that_needs_it(held: Retailer, two: tuple[OrderId, OrderId]) -> None:
    common, rare = two
    assert (where(held, common), where(held, rare)) == (["WH-A"], ["ST-22", "WH-A"])
    solved = solve(held)
    assert (where(held, common), where(held, rare)) == (["ST-22"], ["WH-A"])
    assert solved.solved_minor < solved.greedy_minor
    assert held.event_types(rare)[-1] == "order.replanned"
    (run,) = held.read(run_views.history)
    assert (run.changed, run.before_minor, run.after_minor) == (2, solved.greedy_minor, solved.solved_minor)
    assert (held.count(SHIRT, "WH-A"), held.count(SHIRT, "ST-22")) == ((1, 1), (3, 1))


def test_solving_again_changes_nothing(held: Retailer, two: tuple[OrderId, OrderId]) -> None:
    solve(held)
    assert solve(held).changed == 0
    assert len(held.read(run_views.history)) == 1


def test_the_counters_of_the_lines_stay_what_they_were(held: Retailer, two: tuple[OrderId, OrderId]) -> None:
    solve(held)
    assert [each.allocated for order_id in two for each in held.order(order_id).lines] == [1, 1, 1]
    states = Counter(work.state for order_id in two for work in held.work(order_id))
    assert states == {State.PLANNED: 2, State.CANCELED: 3}


def test_released_work_stays_where_it_is(held: Retailer, two: tuple[OrderId, OrderId]) -> None:
    common, _ = two
    (work,) = held.work(common)
    codes = {location: code for code, location in held.location_ids.items()}

    def release(tx: WriteTx) -> None:
        orders.lock(tx, order_id=common)
        fulfillment.release(tx, work_ids=[work.id], codes=codes, at=NOON)

    held.write(release)
    assert reoptimize.solve(held.app.context, seconds=1, clock=time.monotonic) is None
    assert [each.state for each in held.work(common)] == [State.OPEN]


def test_a_held_order_is_unchanged(held: Retailer, two: tuple[OrderId, OrderId]) -> None:
    held.write(lambda tx: approve.hold(tx, order_id=two[0], reason="ask the customer", now=NOON))
    assert reoptimize.solve(held.app.context, seconds=1, clock=time.monotonic) is None


def test_what_goes_meanwhile_and_is_not_needed_stops_nothing(
    held: Retailer, two: tuple[OrderId, OrderId]
) -> None:
    """Units that the batch does not need may ship meanwhile."""
    common, rare = two
    found = held.read(lambda tx: unreleased.load(tx, at=NOON, limit=10))
    assert found is not None
    batch = reoptimize.Batch(found.inputs.demands, found.decisions, found.inputs.supply)
    solved = reoptimize.batch.improve(
        batch,
        found.inputs.network,
        found.inputs.compiled_rules,
        now=NOON,
        budget=reoptimize.Budget(time.monotonic, 1),
    )
    gone = Correction(SHIRT, held.location_ids["ST-22"], "stolen", change=-2)
    held.write(lambda tx: inventory.adjust(tx, correction=gone, at=NOON))
    assert held.write(lambda tx: reoptimize.apply(tx, found=found, solved=solved, now=NOON)) == 2
    assert (where(held, common), where(held, rare)) == (["ST-22"], ["WH-A"])


def test_a_missing_unit_stops_its_group(held: Retailer, two: tuple[OrderId, OrderId]) -> None:
    found = held.read(lambda tx: unreleased.load(tx, at=NOON, limit=10))
    assert found is not None
    batch = reoptimize.Batch(found.inputs.demands, found.decisions, found.inputs.supply)
    solved = reoptimize.batch.improve(
        batch,
        found.inputs.network,
        found.inputs.compiled_rules,
        now=NOON,
        budget=reoptimize.Budget(time.monotonic, 1),
    )
    held.write(lambda tx: approve.hold(tx, order_id=two[1], reason="ask the customer", now=NOON))
    gone = Correction(SHIRT, held.location_ids["ST-22"], "stolen", change=-2)
    held.write(lambda tx: inventory.adjust(tx, correction=gone, at=NOON))
    assert held.write(lambda tx: reoptimize.apply(tx, found=found, solved=solved, now=NOON)) == 0
    assert where(held, two[0]) == ["WH-A"]


def test_a_paused_location_loses_what_is_planned_for_it(held: Retailer, two: tuple[OrderId, OrderId]) -> None:
    location = held.location_ids["WH-A"]
    held.write(
        lambda tx: network.pause(
            tx, location_id=location, reason="flood", until_at=None, at=held.app.clock.now()
        )
    )
    held.settle()
    assert [where(held, each) for each in two] == [["ST-22"], ["ST-22", "WH-B"]]


def test_what_is_planned_of_an_order_is_planned_again_with_what_was_rejected(
    held: Retailer, two: tuple[OrderId, OrderId]
) -> None:
    """The shirt was released and is rejected: jacket and shirt are looked for together."""
    _, rare = two
    (shirt,) = [work for work in held.work(rare) if work.lines[0].sku == SHIRT]
    codes = {location: code for code, location in held.location_ids.items()}

    def release_and_reject(tx: WriteTx) -> None:
        orders.lock(tx, order_id=rare)
        fulfillment.release(tx, work_ids=[shirt.id], codes=codes, at=NOON)
        reason = RejectReason.NO_CAPACITY
        fulfill.reject(tx, fulfillment_order_id=shirt.id, reason=reason, note="", now=NOON)

    held.write(release_and_reject)
    states = [work.state for work in held.work(rare)]
    assert states.count(State.CANCELED) == states.count(State.REJECTED) == 1
    assert [each.allocated for each in held.order(rare).lines] == [0, 0]
