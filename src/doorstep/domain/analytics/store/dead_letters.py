"""SQL of dead letters: failed messages and deliveries, by cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Key, Keyset, Sorting


@dataclass(frozen=True, slots=True)
class DeadLetterGroup:
    """Dead letters of one error class at one connection or subscriber."""

    error_class: str
    source: str
    what: str
    connection: str
    topic: str
    count: int
    first_failed_at: datetime | None
    last_failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter."""

    source: str
    id: int
    what: str
    connection: str
    topic: str
    order_id: int | None
    order_number: str
    stream: str | None
    stream_id: int | None
    attempts: int
    error: str
    error_class: str
    first_failed_at: datetime | None
    last_failed_at: datetime | None
    trace_id: str

    @property
    def name(self) -> str:
        """delivery-7 or inbox-9: deliveries and messages have ids of their own."""
        return f"{self.source}-{self.id}"


def select_groups(tx: ReadTx) -> list[DeadLetterGroup]:
    """Group the dead letters, largest group first."""
    return tx.all(
        DeadLetterGroup,
        """
        SELECT coalesce(error_class, 'bug') AS error_class, source, what, connection, topic, count(*),
               min(first_failed_at) AS first_failed_at, max(last_failed_at) AS last_failed_at
          FROM dead_letters GROUP BY 1, 2, 3, 4, 5 ORDER BY count(*) DESC, 1, 3
        """,
    )


_LETTER = """
    SELECT source, id, what, connection, topic, order_id,
           coalesce((SELECT o.number FROM orders o WHERE o.id = dead_letters.order_id), '') AS order_number,
           stream, stream_id, attempts, coalesce(error, '') AS error,
           coalesce(error_class, 'bug') AS error_class, first_failed_at, last_failed_at, trace_id FROM dead_letters
"""


SORTING = Sorting(
    {
        "last_failed_at": Key("timestamptz", "-infinity"),
        "first_failed_at": Key("timestamptz", "-infinity"),
        "attempts": Key(),
    },
    tie="(source || '-' || id)",
    tie_kind="text",
    tie_of=attrgetter("name"),
)


def select_dead_letters(tx: ReadTx, *, error_class: str, what: str, page: Keyset) -> list[DeadLetter]:
    """Select a page of the dead letters (of an error class, of a subscriber)."""
    found = f"""
        {_LETTER} WHERE (%(class)s = '' OR coalesce(error_class, 'bug') = %(class)s)
           AND (%(what)s = '' OR what = %(what)s)
    """
    return tx.all(
        DeadLetter, SORTING.page(found, page), {"class": error_class, "what": what, **page.parameters}
    )


def select_dead_letter(tx: ReadTx, *, source: str, letter_id: int) -> DeadLetter | None:
    """Select one dead letter; None if it was retried or discarded."""
    return tx.one(DeadLetter, f"{_LETTER} WHERE source = %s AND id = %s", (source, letter_id))


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """The event of a dead delivery."""

    data: dict[str, object]
    actor: str
    occurred_at: datetime


def select_event(tx: ReadTx, *, delivery_id: int) -> StoredEvent | None:
    """Select the event of a delivery."""
    return tx.one(
        StoredEvent,
        """
        SELECT e.data, e.actor, e.occurred_at FROM deliveries d JOIN events e ON e.position = d.event_position
         WHERE d.id = %s
        """,
        (delivery_id,),
    )


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """The message of a dead inbox entry, with its body."""

    headers: dict[str, str]
    body: bytes
    received_at: datetime


def select_message(tx: ReadTx, *, message_id: int) -> StoredMessage | None:
    """Select the message of an inbox entry."""
    return tx.one(StoredMessage, "SELECT headers, body, received_at FROM inbox WHERE id = %s", (message_id,))


def count_dead_letters(tx: ReadTx) -> int:
    """Count the dead letters, up to 1000."""
    return tx.value(int, "SELECT count(*) FROM (SELECT 1 FROM dead_letters LIMIT 1000) seen")
