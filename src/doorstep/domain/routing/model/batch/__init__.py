"""Re-optimize a batch: serve orders that are not released together, so that scarce units go where they are needed."""

from __future__ import annotations

from doorstep.domain.routing.model.batch.groups import connected
from doorstep.domain.routing.model.batch.improve import Batch, Budget, Reoptimized, improve

__all__ = ["Batch", "Budget", "Reoptimized", "connected", "improve"]
