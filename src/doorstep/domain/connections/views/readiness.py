"""Read what says whether a connection can go live."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.connections.store import readiness as store
from doorstep.domain.connections.store.readiness import TopicSeen, UnmappedKind
from doorstep.kernel.db import ReadTx

__all__ = ["TopicSeen", "UnmappedKind"]


def topics(tx: ReadTx, *, connection_id: int) -> list[TopicSeen]:
    """The topics of the newest messages, the latest first."""
    return store.select_topics(tx, connection_id=connection_id)


def failures_in_a_row(tx: ReadTx, *, connection_key: str) -> int:
    """How many calls have failed since the last that did not."""
    return next(iter(store.select_failures(tx, connection_key=connection_key)), 0)


def paused_until(tx: ReadTx, *, connection_key: str) -> datetime | None:
    """Until when the vendor asks for no calls; None if it does not."""
    return next(iter(store.select_pauses(tx, connection_key=connection_key)), None)


def dead_calls(tx: ReadTx, *, connection_id: int) -> int:
    """How many calls have failed for good."""
    return store.count_dead_calls(tx, connection_id=connection_id)


def unmapped_kinds(tx: ReadTx, *, connection_id: int) -> list[UnmappedKind]:
    """How many names of each kind nobody has mapped."""
    return store.select_unmapped(tx, connection_id=connection_id)
