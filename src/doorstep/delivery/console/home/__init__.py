"""Home: what needs attention now."""

from __future__ import annotations

from doorstep.delivery.console.home import pages

ROUTES = pages.ROUTES
