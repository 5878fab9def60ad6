"""Stock levels for sales channels: the newest value wins, one call at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from doorstep.domain.inventory import events
from doorstep.domain.inventory.store import publishing as store
from doorstep.domain.inventory.store.publishing import Published, Publisher
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx

# Transactions that commit late have lower positions: read again, it changes nothing.
_OVERLAP = 2_000
COMPARE_AFTER = timedelta(hours=1)


def follow(tx: WriteTx, *, connection_id: int, at: datetime) -> tuple[Publisher, set[str] | None]:
    """The SKUs that moved since a channel's levels were computed last, and the publisher, locked.

    None: all are to be compared, as is done hourly, because time and rules change what is available, too.
    """
    known = store.lock_publisher(tx, connection_id=connection_id)
    if known.compared_at is None or at - known.compared_at >= COMPARE_AFTER:
        return known, None
    moved = store.select_moved(
        tx, stock_after=known.stock_position - _OVERLAP, network_after=known.network_position - _OVERLAP
    )
    return known, moved


def set_levels(
    tx: WriteTx,
    *,
    publisher: Publisher,
    levels: Callable[[], Mapping[str, int]],
    is_complete: bool,
    at: datetime,
) -> None:
    """Store the newest levels; `levels` computes them, after the ledgers' positions were read."""
    stock, network = store.select_heads(tx)
    store.upsert_levels(tx, connection_id=publisher.connection_id, levels=levels(), at=at)
    compared_at = at if is_complete else publisher.compared_at
    store.update_publisher(
        tx, replace(publisher, stock_position=stock, network_position=network, compared_at=compared_at)
    )


def request(tx: WriteTx, *, connection_id: int, at: datetime) -> None:
    """Have the waiting levels sent. The caller knows that no call is under way."""
    if store.exists_waiting(tx, connection_id=connection_id):
        event_log.append(tx, [events.PublishDue(connection_id)], at=at)


def take(tx: WriteTx, *, connection_id: int, limit: int) -> list[Published]:
    """The levels to send now, those that have waited longest first; they are marked as being sent."""
    return store.take(tx, connection_id=connection_id, limit=limit)


def sent(tx: WriteTx, *, connection_id: int, refused: Mapping[str, str], at: datetime) -> None:
    """Record the end of a call; what is waiting still is sent next."""
    store.mark_sent(tx, connection_id=connection_id, refused=refused, at=at)
    request(tx, connection_id=connection_id, at=at)


def send_again(tx: WriteTx, *, connection_id: int, skus: Sequence[str] | None = None) -> int:
    """Have levels sent again, also those that the channel refused; all without `skus`. Returns how many."""
    return store.send_again(tx, connection_id=connection_id, skus=skus)
