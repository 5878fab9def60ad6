"""Reads of trials."""

from __future__ import annotations

from doorstep.domain.routing.model.lab import Tally
from doorstep.domain.routing.store import trials as store
from doorstep.domain.routing.store.trials import Trial
from doorstep.kernel.db import ReadTx

__all__ = ["Trial"]


def running(tx: ReadTx) -> Trial | None:
    """The running trial."""
    return store.select_running(tx)


def trials(tx: ReadTx, *, limit: int = 20) -> list[Trial]:
    """The newest trials."""
    return store.select_trials(tx, limit=limit)


def sides(tx: ReadTx, *, trial_id: int) -> tuple[Tally, Tally]:
    """The active rules and the draft of a trial."""
    found = {
        each.by_draft: Tally(
            each.orders,
            each.served,
            each.cost_minor,
            each.parcels,
            each.splits,
            each.misses,
            each.short_units,
            each.rejects,
        )
        for each in store.select_sides(tx, trial_id=trial_id)
    }
    return found.get(False, Tally()), found.get(True, Tally())
