"""Webhooks of partners: verified over the raw bytes, stored, then acknowledged; never read here."""

from __future__ import annotations

from doorstep.delivery.hooks.routes import routes

__all__ = ["routes"]
