"""Reads of trials."""

from __future__ import annotations

from doorstep.domain.routing.store import trials as store
from doorstep.domain.routing.store.trials import Trial
from doorstep.kernel.db import ReadTx

__all__ = ["Trial"]


def running(tx: ReadTx) -> Trial | None:
    """The trial that runs."""
    return store.select_running(tx)


def trials(tx: ReadTx, *, limit: int = 20) -> list[Trial]:
    """The newest trials."""
    return store.select_trials(tx, limit=limit)
