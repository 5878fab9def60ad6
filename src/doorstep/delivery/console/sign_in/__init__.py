"""Sign in and sign out."""

from __future__ import annotations

from doorstep.delivery.console.sign_in import pages

ROUTES = pages.ROUTES
