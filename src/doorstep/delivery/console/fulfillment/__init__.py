"""Fulfillment: the board of a location and the pack station."""

from __future__ import annotations

from doorstep.delivery.console.fulfillment import pages

ROUTES = pages.ROUTES
