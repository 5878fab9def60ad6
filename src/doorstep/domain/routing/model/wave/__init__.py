"""Re-optimize a batch: serve orders that are not released together, so that scarce units go where they are needed."""

from __future__ import annotations

from doorstep.domain.routing.model.wave.groups import connected
from doorstep.domain.routing.model.wave.improve import Batch, Budget, Reoptimized, improve

__all__ = ["Batch", "Budget", "Reoptimized", "connected", "improve"]
