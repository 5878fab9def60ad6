"""Remember whom we depend on for a location's stock, and when we heard of it last."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.inventory.model.freshness import StockSource, Word, check_source
from doorstep.domain.inventory.store import freshness as store
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx


def put_sources(tx: WriteTx, *, sources: Sequence[StockSource]) -> None:
    """From now on these locations' stock is known only while their sources speak."""
    for source in sources:
        check_source(source)
    store.upsert_sources(tx, sources)


def remove_source(tx: WriteTx, *, location_id: int, name: str) -> None:
    """The location does not depend on this source any more. Raises NotFound."""
    if not store.delete_source(tx, location_id=location_id, name=name):
        raise errors.NotFound(f"There is no stock source {name!r} for this location.")


def record_update(tx: WriteTx, *, words: Sequence[Word]) -> int:
    """Sources spoke of locations' stock, as of a time; returns how many of them anything depends on."""
    return store.mark_updated(tx, words) if words else 0
