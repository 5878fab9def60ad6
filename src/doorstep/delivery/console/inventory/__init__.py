"""Stock and availability per SKU and location."""

from __future__ import annotations

from doorstep.delivery.console.inventory import availability, pages

ROUTES = (*pages.ROUTES, *availability.ROUTES)
