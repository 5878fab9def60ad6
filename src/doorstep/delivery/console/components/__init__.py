"""Shared components of the console."""

from __future__ import annotations

from doorstep.delivery.console.components import pages

ROUTES = pages.ROUTES
