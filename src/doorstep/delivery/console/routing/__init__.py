"""Routing rules: versions, editor, exception queues and scheduled runs."""

from __future__ import annotations

from doorstep.delivery.console.routing import edit, pages, work

ROUTES = (*pages.ROUTES, *edit.ROUTES, *work.ROUTES)
