"""Orders: the list, one order and its routing decisions."""

from __future__ import annotations

from doorstep.delivery.console.orders import order, pages

ROUTES = (*pages.ROUTES, *order.ROUTES)
