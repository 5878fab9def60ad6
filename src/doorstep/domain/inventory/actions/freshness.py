"""Stock sources and their last update."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.inventory.model.freshness import SourceUpdate, StockSource, check_source
from doorstep.domain.inventory.store import freshness as store
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx


def put_sources(tx: WriteTx, *, sources: Sequence[StockSource]) -> None:
    """Make these locations' stock depend on updates of their sources."""
    for source in sources:
        check_source(source)
    store.upsert_sources(tx, sources)


def remove_source(tx: WriteTx, *, location_id: int, name: str) -> None:
    """Remove a source from a location. Raises NotFound."""
    if not store.delete_source(tx, location_id=location_id, name=name):
        raise errors.NotFound(f"There is no stock source {name!r} for this location.")


def record_update(tx: WriteTx, *, updates: Sequence[SourceUpdate]) -> int:
    """Record updates of sources; returns how many of them any location depends on."""
    return store.mark_updated(tx, updates) if updates else 0
