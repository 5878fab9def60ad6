"""Reconstructed history: replayed with the rules of the time, the result is the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.fulfillment.model import State
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.routing.model import lab
from doorstep.domain.routing.model.lab import OrderResult, Past
from doorstep.domain.routing.views import rules
from doorstep.flows.routing_rules import history
from doorstep.flows.routing_rules.history import Window
from doorstep.kernel.ids import OrderId


@pytest.fixture
def began(retailer: Retailer) -> datetime:
    """When everything was stocked and nothing was ordered."""
    return retailer.app.clock.now()


def rebuilt(retailer: Retailer, began: datetime) -> Past:
    return retailer.read(lambda tx: history.reconstruct(tx, window=Window(began, retailer.app.clock.now())))


def replayed(retailer: Retailer, began: datetime) -> dict[OrderId, OrderResult]:
    compiled_rules = retailer.read(rules.compiled_rules)
    found = rebuilt(retailer, began)
    outcomes = lab.replay(found, compiled_rules, every=timedelta(0), reported=lambda _: None)
    return {each.order_id: each for each in outcomes}


def sent(retailer: Retailer, order_id: OrderId) -> set[tuple[str, int, int]]:
    living = [work for work in retailer.work(order_id) if work.state is not State.CANCELED]
    return {(each.sku, work.location_id, each.quantity) for work in living for each in work.lines}


@pytest.fixture
def week(retailer: Retailer, began: datetime) -> list[OrderId]:
    """Enough orders to sell out some SKUs."""
    wanted = [(JACKET, 3), (SHIRT, 2), (JACKET, 4), (SHIRT, 1), (JACKET, 2), (SHIRT, 1), (JACKET, 5)]
    return [retailer.place_order(order_snapshot(line(sku, quantity))) for sku, quantity in wanted]


def test_a_replay_with_the_same_rules_has_the_same_result(
    retailer: Retailer, began: datetime, week: list[OrderId]
) -> None:
    found = replayed(retailer, began)
    for order_id in week:
        choices = {(each.sku, each.location_id, each.quantity) for each in found[order_id].choices}
        assert choices == sent(retailer, order_id)
    assert sum(each.short_units for each in found.values()) > 0


def test_stock_received_meanwhile_is_added_in_the_replay(retailer: Retailer, began: datetime) -> None:
    waited = retailer.place_order(order_snapshot(line(SHIRT, 6)))
    more = Correction(SHIRT, retailer.location_ids["WH-B"], "delivery", change=6)
    retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=retailer.app.clock.now()))
    retailer.settle()
    last = retailer.place_order(order_snapshot(line(SHIRT, 1)))
    found = replayed(retailer, began)
    assert (found[waited].short_units, found[last].short_units) == (0, 0)
    assert rebuilt(retailer, began).changes[0].units == 6


def test_stock_is_what_it_was_when_the_window_began(
    retailer: Retailer, began: datetime, week: list[OrderId]
) -> None:
    before = rebuilt(retailer, began).stock
    assert {location: units for location, units in before[JACKET].items() if units} == {
        retailer.location_ids["WH-A"]: 8,
        retailer.location_ids["WH-B"]: 5,
    }
