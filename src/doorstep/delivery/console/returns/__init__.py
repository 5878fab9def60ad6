"""Returns: receive and inspect."""

from __future__ import annotations

from doorstep.delivery.console.returns import pages

ROUTES = pages.ROUTES
