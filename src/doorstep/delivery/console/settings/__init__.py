"""Users and API keys."""

from __future__ import annotations

from doorstep.delivery.console.settings import pages

ROUTES = pages.ROUTES
