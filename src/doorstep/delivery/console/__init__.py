"""The console: pages for people, rendered on the server, mounted at /console."""

from __future__ import annotations

from doorstep.delivery.console.app import routes

__all__ = ["routes"]
