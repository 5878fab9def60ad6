"""SQL of stored messages for people: listed per connection, read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Key, Keyset, Sorting


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A stored message; `state` is waiting, read or failed."""

    id: int
    topic: str
    external_event_id: str
    received_at: datetime
    state: str
    attempts: int
    error: str | None
    size_bytes: int
    is_background: bool


SORTING = Sorting({"received_at": Key("timestamptz")})


_ROW = """
    id, topic, external_event_id, received_at, attempts, error, octet_length(body) AS size_bytes, is_background,
    CASE state WHEN 0 THEN 'waiting' WHEN 2 THEN 'read' ELSE 'failed' END AS state
"""


def select_of_file(tx: ReadTx, *, transfer_id: int) -> list[MessageRow]:
    """The first 50 messages that a file was split into, failed ones first."""
    return tx.all(
        MessageRow,
        f"""
        SELECT {_ROW} FROM inbox WHERE id IN (SELECT message_id FROM file_messages WHERE file_transfer_id = %s)
         ORDER BY inbox.state = 3 DESC, id LIMIT 50
        """,
        (transfer_id,),
    )


def select_page(tx: ReadTx, *, connection_id: int, topic: str, state: str, page: Keyset) -> list[MessageRow]:
    """A page of the messages of a connection (of a topic, of a state)."""
    found = f"""
        SELECT {_ROW} FROM inbox
         WHERE connection_id = %(connection)s AND (%(topic)s = '' OR topic = %(topic)s)
           AND (%(state)s = '' OR state = CASE %(state)s WHEN 'waiting' THEN 0 WHEN 'read' THEN 2 WHEN 'failed' THEN 3 END)
    """
    return tx.all(
        MessageRow,
        SORTING.page(found, page),
        {"connection": connection_id, "topic": topic, "state": state, **page.parameters},
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """Messages of a connection to read again: these ids, or those of a topic and a time range (until is exclusive)."""

    connection_id: int
    ids: Sequence[int] | None = None
    topic: str = ""
    since: datetime | None = None
    until: datetime | None = None


def update_due(tx: WriteTx, *, selection: Selection) -> int:
    """Have messages read again, after all live ones; discarded ones only by id. Returns how many."""
    return tx.execute(
        """
        UPDATE inbox SET state = 0, attempts = 0, run_at = now(), is_background = true
         WHERE connection_id = %(connection)s AND state <> 0
           AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
           AND (%(ids)s::bigint[] IS NOT NULL OR state = 3 OR error IS NULL)
           AND (%(topic)s = '' OR topic = %(topic)s)
           AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
           AND (%(until)s::timestamptz IS NULL OR received_at < %(until)s)
        """,
        {
            "connection": selection.connection_id,
            "ids": None if selection.ids is None else list(selection.ids),
            "topic": selection.topic,
            "since": selection.since,
            "until": selection.until,
        },
    )
