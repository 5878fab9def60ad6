"""Goods receipts."""

from __future__ import annotations

from doorstep.delivery.console.receiving import pages

ROUTES = pages.ROUTES
