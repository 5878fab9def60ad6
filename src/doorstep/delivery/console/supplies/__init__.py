"""Incoming supply."""

from __future__ import annotations

from doorstep.delivery.console.supplies import pages

ROUTES = pages.ROUTES
