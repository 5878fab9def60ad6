"""Read routing's lists page by page: versions of the rule set, runs, simulations and the orders that they change."""

from __future__ import annotations

from doorstep.domain.routing.store import lists as store
from doorstep.domain.routing.store.lab import ONLY, LabChange, LabRun
from doorstep.domain.routing.store.lists import CHANGES, RUNS, SIMULATIONS, VERSIONS, ListedRun
from doorstep.domain.routing.store.rules import Version
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["CHANGES", "RUNS", "SIMULATIONS", "VERSIONS", "ListedRun"]


def versions(tx: ReadTx, *, page: Keyset) -> list[Version]:
    """Versions of the rule set."""
    return store.select_versions(tx, page)


def runs(tx: ReadTx, *, page: Keyset, kind: str = "") -> list[ListedRun]:
    """Runs, of one kind or of all."""
    return store.select_runs(tx, page, kind=kind)


def simulations(tx: ReadTx, *, page: Keyset, state: str = "") -> list[LabRun]:
    """Simulations, in one state or in all."""
    return store.select_simulations(tx, page, state=state)


def changes(tx: ReadTx, *, run_id: int, page: Keyset, only: str = "") -> list[LabChange]:
    """Orders that a simulation changes, of one kind or of all. Raises Invalid for an unknown kind."""
    if only not in ONLY:
        raise errors.Invalid(f"Changes may be {', '.join(filter(None, ONLY))}.", field="only")
    return store.select_changes(tx, page, run_id=run_id, only=only)
