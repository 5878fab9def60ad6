"""Connections to other systems."""

from __future__ import annotations

from doorstep.delivery.console.connections import pages

ROUTES = pages.ROUTES
