"""Import and export of files, and stock feeds."""

from __future__ import annotations

from doorstep.delivery.console.files import pages

ROUTES = pages.ROUTES
