"""The edge of the web process: limits that hold before anything of a request is read."""

from __future__ import annotations

from doorstep.delivery.edge.limits import Limits
from doorstep.delivery.edge.protocol import guarded

__all__ = ["Limits", "guarded"]
