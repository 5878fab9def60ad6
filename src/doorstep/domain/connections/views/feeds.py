"""Read how far feeds and back-fills are."""

from __future__ import annotations

from doorstep.domain.connections.store import feeds as store
from doorstep.domain.connections.store import fetches
from doorstep.domain.connections.store.feeds import FeedState
from doorstep.kernel.db import ReadTx

__all__ = ["FeedState"]


def states(tx: ReadTx, *, connection_id: int | None = None) -> list[FeedState]:
    """The feeds and back-fills of a connection, or of all."""
    return store.select_states(tx, connection_id=connection_id)


def waiting_fetches(tx: ReadTx, *, connection_id: int) -> dict[str, int]:
    """How many resources of each feed of a connection wait to be fetched, because a message named them."""
    return fetches.count(tx, connection_id=connection_id)


def is_due(tx: ReadTx) -> bool:
    """Whether a feed, a back-fill or a fetch of a connection that is on is due."""
    due = next_due_seconds(tx)
    return due is not None and due <= 0


def next_due_seconds(tx: ReadTx) -> float | None:
    """Seconds until the next of them is due (0 or less: now); None if there is none."""
    return fetches.next_due_seconds(tx)
