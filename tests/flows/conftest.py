"""Check after every flow test that everything that depends on an allocation agrees with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.builders import Retailer

# Per order line and component: units committed to lines that wait for stock, against what those lines wait for.
_COMMITTED = """
    WITH waiting AS (
        SELECT l.order_id, l.line_no, coalesce(p.part_sku, l.sku) AS sku, coalesce(p.condition, 'new') AS condition,
               (l.quantity - l.allocated - l.canceled) * coalesce(p.quantity, 1) AS quantity
          FROM order_lines l JOIN skus s USING (sku) LEFT JOIN sku_parts p ON p.sku = l.sku
         WHERE l.requires_shipping AND l.quantity > l.allocated + l.canceled)
    (SELECT 'not committed' AS wrong, * FROM (TABLE waiting EXCEPT SELECT order_id, line_no, sku, condition, quantity
                                                FROM stock_commitments) a)
    UNION ALL
    (SELECT 'committed', * FROM (SELECT order_id, line_no, sku, condition, quantity FROM stock_commitments
                                 EXCEPT TABLE waiting) b)
"""
_DRAWN = """
    SELECT order_id, line_no, d.sku, sum(d.quantity) AS drawn, l.allocated
      FROM pool_draws d JOIN order_lines l USING (order_id, line_no)
     GROUP BY order_id, line_no, d.sku, l.allocated HAVING sum(d.quantity) > l.allocated
"""
_PROMISED = """
    SELECT p.order_id, p.line_no FROM supply_promises p JOIN order_lines l USING (order_id, line_no)
     WHERE p.state = 'open' AND l.quantity <= l.allocated + l.canceled
"""
_CAPACITY = """
    SELECT w.fulfillment_order_id, f.state FROM shift_work w JOIN fulfillment_orders f ON f.id = w.fulfillment_order_id
     WHERE f.state IN ('rejected', 'canceled')
"""


@pytest.fixture(autouse=True)
def allocation_is_consistent(request: pytest.FixtureRequest) -> Iterator[None]:
    """Commitments, pools, promised dates and capacity follow the allocation, whatever the test did."""
    retailer: Retailer | None = (
        request.getfixturevalue("retailer") if "retailer" in request.fixturenames else None
    )
    yield
    if retailer is None:
        return
    retailer.settle()
    for name, statement in (
        ("commitments", _COMMITTED),
        ("pools", _DRAWN),
        ("promised dates", _PROMISED),
        ("capacity", _CAPACITY),
    ):
        assert retailer.read(lambda tx, statement=statement: tx.rows(statement)) == [], name
