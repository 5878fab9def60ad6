"""Locations, lanes and carriers."""

from __future__ import annotations

from doorstep.delivery.console.network import pages

ROUTES = pages.ROUTES
