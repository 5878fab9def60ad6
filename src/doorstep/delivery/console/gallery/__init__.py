"""The page that shows every shared component in every state."""

from __future__ import annotations

from doorstep.delivery.console.gallery import pages

ROUTES = pages.ROUTES
