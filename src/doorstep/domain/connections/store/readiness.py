"""SQL of what says whether a connection can go live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx

_NEWEST = 5_000


@dataclass(frozen=True, slots=True)
class TopicSeen:
    """A topic of messages, and when the last one came."""

    topic: str
    received_at: datetime


def select_topics(tx: ReadTx, *, connection_id: int) -> list[TopicSeen]:
    """The topics of the newest messages of a connection, the latest first."""
    return tx.all(
        TopicSeen,
        """
        SELECT topic, max(received_at) AS received_at FROM (
            SELECT topic, received_at FROM inbox WHERE connection_id = %s ORDER BY received_at DESC, id DESC LIMIT %s) newest
         GROUP BY topic ORDER BY max(received_at) DESC, topic
        """,
        (connection_id, _NEWEST),
    )


def select_failures(tx: ReadTx, *, connection_key: str) -> list[int]:
    """How many calls of a connection failed in a row; empty if the last one did not."""
    return tx.column(
        int, "SELECT failures FROM partner_circuits WHERE connection = %s AND failures > 0", (connection_key,)
    )


def select_pauses(tx: ReadTx, *, connection_key: str) -> list[datetime]:
    """Until when the vendor asks for no calls, of each operation that is paused now."""
    return tx.column(
        datetime,
        """
        SELECT blocked_until FROM call_budgets WHERE connection = %s AND blocked_until > clock_timestamp()
         ORDER BY blocked_until DESC
        """,
        (connection_key,),
    )


def count_dead_calls(tx: ReadTx, *, connection_id: int) -> int:
    """How many calls of a connection have failed for good."""
    return tx.value(
        int,
        "SELECT count(*) FROM deliveries WHERE state = 3 AND connection_id = %s",
        (connection_id,),
    )


@dataclass(frozen=True, slots=True)
class UnmappedKind:
    """How many names of a kind nobody has mapped."""

    kind: str
    names: int


def select_unmapped(tx: ReadTx, *, connection_id: int) -> list[UnmappedKind]:
    """What is not mapped, by kind."""
    return tx.all(
        UnmappedKind,
        "SELECT kind, count(*) AS names FROM unmapped_values WHERE connection_id = %s GROUP BY kind ORDER BY kind",
        (connection_id,),
    )
