"""Availability rules and stock sources."""

from __future__ import annotations

from doorstep.delivery.console.availability_rules import pages

ROUTES = pages.ROUTES
