"""Transfers between locations."""

from __future__ import annotations

from doorstep.delivery.console.transfers import pages

ROUTES = pages.ROUTES
