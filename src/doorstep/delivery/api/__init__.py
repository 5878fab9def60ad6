"""The API under /api/v1: what the console can see and do, for programs. OpenAPI 3.1 at /api/docs."""

from __future__ import annotations

from doorstep.delivery.api.application import create

__all__ = ["create"]
