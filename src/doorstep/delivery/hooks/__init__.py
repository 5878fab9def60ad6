"""Webhooks: verify over the raw bytes, store, acknowledge. They are parsed by the worker."""

from __future__ import annotations

from doorstep.delivery.hooks.routes import routes

__all__ = ["routes"]
