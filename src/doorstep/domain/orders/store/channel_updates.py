"""SQL of channel updates: what a sales channel is to be informed of, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx, WriteTx


def insert_intent(tx: WriteTx, *, order_id: int, connection_id: int, what: str, reference: str) -> bool:
    """Store that an update is to be sent; True if the channel accepted it before."""
    return tx.value(
        bool,
        """
        INSERT INTO channel_updates (order_id, connection_id, what, reference) VALUES (%s, %s, %s, %s)
        ON CONFLICT (connection_id, what, reference) DO UPDATE SET reference = excluded.reference
        RETURNING accepted_at IS NOT NULL
        """,
        (order_id, connection_id, what, reference),
    )


@dataclass(frozen=True, slots=True)
class ChannelUpdate:
    """The channel's answer to an update."""

    connection_id: int
    what: str
    reference: str
    external_ref: str
    accepted_at: datetime


def mark_accepted(tx: WriteTx, update: ChannelUpdate) -> bool:
    """Record the answer once; False if it was recorded before."""
    marked = tx.execute(
        """
        UPDATE channel_updates SET external_ref = %s, accepted_at = %s
         WHERE connection_id = %s AND what = %s AND reference = %s AND accepted_at IS NULL
        """,
        (update.external_ref, update.accepted_at, update.connection_id, update.what, update.reference),
    )
    return marked > 0


def exists_accepted(tx: ReadTx, *, connection_id: int, what: str, reference: str) -> bool:
    """Whether a channel accepted an update."""
    return tx.value(
        bool,
        """
        SELECT EXISTS (SELECT FROM channel_updates WHERE connection_id = %s AND what = %s AND reference = %s
                          AND accepted_at IS NOT NULL)
        """,
        (connection_id, what, reference),
    )
