"""Replenishment rules."""

from __future__ import annotations

from doorstep.delivery.console.replenishment import pages

ROUTES = pages.ROUTES
