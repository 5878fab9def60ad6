"""Record how the calls of connections in shadow mode compare with what others did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.connections.model.comparison import Compared, next_look
from doorstep.domain.connections.store import comparisons as store
from doorstep.domain.connections.store.comparisons import Comparison, Deed, Outcome
from doorstep.kernel.db import WriteTx
from doorstep.kernel.message import Message

__all__ = ["Comparison", "Deed"]
_NEW = Message("It is compared within a minute.")


def add(tx: WriteTx, *, deeds: Sequence[Deed], at: datetime) -> None:
    """Store deeds that are to be compared now."""
    store.insert(tx, deeds, reason=_NEW, at=at)


def record(tx: WriteTx, *, deed: Deed, found: Compared, at: datetime, again: bool = True) -> None:
    """Store how a deed compares. A call that is kept is compared `again`, unless nobody ever says what others did."""
    again = again and deed.delivery_id is not None
    due_at = next_look(found.result, occurred_at=deed.occurred_at, now=at) if again else None
    outcome = Outcome(deed, found.result, found.reason, dict(found.theirs), found.differs, due_at)
    store.upsert(tx, outcome, at=at)


def forget(tx: WriteTx, *, ids: Sequence[int]) -> None:
    """What only others had done has been done by us, too."""
    if ids:
        store.delete(tx, ids=ids)


def end(tx: WriteTx, *, delivery_ids: Sequence[int], ended: str) -> None:
    """The calls were sent or discarded: their comparisons stay as they are."""
    store.update_ended(tx, delivery_ids=delivery_ids, ended=ended)
