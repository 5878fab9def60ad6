"""Serve the API under /api/v1: everything that the console shows and does. OpenAPI 3.1 at /api/docs."""

from __future__ import annotations

from doorstep.delivery.api.application import create

__all__ = ["create"]
