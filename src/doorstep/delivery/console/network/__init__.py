"""Locations, lanes and carriers."""

from __future__ import annotations

from doorstep.delivery.console.network import locations, pages

ROUTES = (*locations.ROUTES, *pages.ROUTES)
