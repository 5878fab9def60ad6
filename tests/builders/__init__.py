"""Build what tests need: snapshots, single rows, and the sample retailer at any stage.

`Retailer` has partners in memory and a worker; `Shop` is driven by verbs at any time, without a worker.
"""

from __future__ import annotations

from tests.builders.installation import Installation, environment, opened
from tests.builders.retailer import Retailer, retailer, set_up_retailer
from tests.builders.rows import channel, item, location, stock, stock_events, store_orders
from tests.builders.shop import PASSWORD, Shop, set_up_shop
from tests.builders.snapshots import (
    DELHI,
    JACKET,
    SHIRT,
    SNEAKER,
    later,
    line,
    order_snapshot,
    paid,
    return_snapshot,
)
from tests.clock import NOON

__all__ = [
    "DELHI",
    "JACKET",
    "NOON",
    "PASSWORD",
    "SHIRT",
    "SNEAKER",
    "Installation",
    "Retailer",
    "Shop",
    "channel",
    "environment",
    "item",
    "later",
    "line",
    "location",
    "opened",
    "order_snapshot",
    "paid",
    "retailer",
    "return_snapshot",
    "set_up_retailer",
    "set_up_shop",
    "stock",
    "stock_events",
    "store_orders",
]
