"""Read what checks of connections found."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.connections.store import checks as store
from doorstep.domain.connections.store.checks import CheckRow
from doorstep.kernel.db import ReadTx

__all__ = ["CheckRow"]


def latest(tx: ReadTx) -> dict[int, CheckRow]:
    """The last check of every connection, by its id."""
    return {each.connection_id: each for each in store.select_all(tx)}


def due(tx: ReadTx, *, before: datetime) -> list[int]:
    """Connections that are to be checked: not checked since they changed, or last checked before then."""
    return store.select_due(tx, before=before)
