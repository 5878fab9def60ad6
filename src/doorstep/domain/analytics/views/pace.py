"""How locations work: what they picked lately, what is open and planned, what nobody has accepted yet."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.analytics.store import pace as store
from doorstep.domain.analytics.store.pace import Picked, PlannedWork, Unaccepted
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId

__all__ = ["Picked", "PlannedWork", "Unaccepted"]


def picked(tx: ReadTx, *, since: datetime) -> dict[LocationId, Picked]:
    """What locations did since then; who did nothing is not there."""
    return {each.location_id: each for each in store.select_picked(tx, since=since)}


def open_units(tx: ReadTx) -> dict[LocationId, int]:
    """Pieces that locations were given and have not picked; who has none is not there."""
    return {each.location_id: each.units for each in store.select_open_units(tx)}


def planned(tx: ReadTx, *, limit: int = 20_000) -> list[PlannedWork]:
    """Planned work that may be released, the most urgent first."""
    return store.select_planned(tx, limit=limit)


def unaccepted(tx: ReadTx, *, before: datetime, limit: int = 20_000) -> list[Unaccepted]:
    """Open work that its location has had since before then, oldest first."""
    return store.select_unaccepted(tx, before=before, limit=limit)
