"""Expected orders count: scarce stock costs more for orders that other locations can fill."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders import DELHI, JACKET, Retailer, line, order_snapshot

from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.views import runs
from doorstep.flows.allocation.optimize import scarcity_prices
from doorstep.kernel.ids import OrderId

MUMBAI = replace(DELHI, city="Mumbai", postal_code="400001", state_code="MH", latitude=18.94, longitude=72.83)


def prices(retailer: Retailer) -> dict[tuple[str, int], int]:
    return retailer.read(lambda tx: runs.prices(tx, stock_keys=[JACKET]))


@pytest.fixture
def busy(retailer: Retailer) -> Retailer:
    """Six jackets went to Mumbai lately; two are left there, and plenty in Bengaluru."""
    more = Correction(JACKET, retailer.location_ids["WH-B"], "delivery", change=100)
    retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=retailer.app.clock.now()))
    for _ in range(6):
        retailer.place_order(order_snapshot(line(JACKET), shipping_address=MUMBAI))
    assert retailer.count(JACKET, "WH-A") == (8, 6)
    return retailer


def test_a_location_that_will_run_out_has_a_price(busy: Retailer) -> None:
    scarcity_prices.update(busy.app.context)
    found = prices(busy)
    assert found.keys() == {(JACKET, busy.location_ids["WH-A"])}
    (run,) = busy.read(runs.history)
    assert (run.kind.value, run.attempted, run.changed) == ("prices", 6, 1)


def test_new_stock_ends_the_price(busy: Retailer) -> None:
    scarcity_prices.update(busy.app.context)
    more = Correction(JACKET, busy.location_ids["WH-A"], "delivery", change=500)
    busy.write(lambda tx: inventory.adjust(tx, correction=more, at=busy.app.clock.now()))
    assert scarcity_prices.update(busy.app.context) == 0
    assert prices(busy) == {}


def test_the_price_is_part_of_the_explanation(busy: Retailer) -> None:
    scarcity_prices.update(busy.app.context)
    (price,) = prices(busy).values()
    order_id: OrderId = busy.place_order(order_snapshot(line(JACKET), shipping_address=MUMBAI))
    (decision,) = busy.read(lambda tx: routing.decisions(tx, order_id=order_id))
    assert decision.explanation.scores.scarcity_minor == price


def test_without_history_nothing_has_a_price(retailer: Retailer) -> None:
    assert scarcity_prices.update(retailer.app.context) == 0
