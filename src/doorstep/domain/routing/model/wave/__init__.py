"""Waves: orders that nobody works on yet, served together so that a common order leaves the last piece to one that needs it."""

from __future__ import annotations

from doorstep.domain.routing.model.wave.improve import Batch, Budget, Reoptimized, improve

__all__ = ["Batch", "Budget", "Reoptimized", "improve"]
