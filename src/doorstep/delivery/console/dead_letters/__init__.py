"""Messages and deliveries that failed."""

from __future__ import annotations

from doorstep.delivery.console.dead_letters import pages

ROUTES = pages.ROUTES
