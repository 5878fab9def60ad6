"""The only place that knows everything: settings, database, connectors, clock, joined into one frozen App."""

from __future__ import annotations

from doorstep.bootstrap.app import App, open_app
from doorstep.bootstrap.discover import discover

__all__ = ["App", "discover", "open_app"]
