"""Cycle counts."""

from __future__ import annotations

from doorstep.delivery.console.counts import pages

ROUTES = pages.ROUTES
