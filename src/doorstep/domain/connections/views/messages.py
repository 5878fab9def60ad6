"""Read the stored messages of a connection."""

from __future__ import annotations

from doorstep.domain.connections.store import messages as store
from doorstep.domain.connections.store.messages import SORTING, MessageRow
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["SORTING", "MessageRow"]
LATEST = Keyset(sort="received_at")
STATES = ("waiting", "read", "failed")


def listed(
    tx: ReadTx, *, connection_id: int, topic: str = "", state: str = "", page: Keyset = LATEST
) -> list[MessageRow]:
    """A page of the messages of a connection, newest first (of a topic, of a state)."""
    return store.select_page(tx, connection_id=connection_id, topic=topic, state=state, page=page)
