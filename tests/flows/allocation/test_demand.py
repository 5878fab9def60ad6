"""Demand for routing: a line has the value of all its units."""

from __future__ import annotations

from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot

from doorstep.flows.allocation import demand


def test_a_line_has_the_value_of_all_its_units(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET, 3, 299_900), line(SHIRT, 1, 79_900)))
    (asked,) = retailer.read(lambda tx: demand.as_placed(tx, order_ids=[order_id]))
    assert [(each.quantity, each.value_minor) for each in asked.wants] == [(3, 899_700), (1, 79_900)]
