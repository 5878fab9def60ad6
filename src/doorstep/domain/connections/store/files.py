"""SQL of files that are exchanged with partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.connections.model import Reading, Transfer, TransferState
from doorstep.domain.connections.model.feeds import LEASE_SECONDS
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.files.store import Entry
from doorstep.kernel.jobs import LostLease
from doorstep.kernel.keyset import Key, Keyset, Sorting

_TRANSFER = """
    id, connection_id, feed, name, path, unit, size_bytes, modified_at, state, reading, documents, rows,
    moved_at IS NOT NULL AS is_moved, sha256
"""


def extend_lease(tx: WriteTx, reading: Reading) -> None:
    """Keep the lease of a feed for as long again. Raises LostLease if another process has taken over."""
    held = tx.execute(
        """
        UPDATE feed_readings SET leased_until = now() + make_interval(secs => %s)
         WHERE id = %s AND lease = %s AND leased_until IS NOT NULL
        """,
        (LEASE_SECONDS, reading.id, reading.lease),
    )
    if not held:
        raise LostLease("another process reads this feed now")


def update_looked(tx: WriteTx, reading: Reading, *, due_in_seconds: float) -> None:
    """A look at a folder has ended: the feed is read up to now, and looked at again at its time."""
    tx.execute(
        """
        UPDATE feed_readings SET watermark_at = business_now(), failures = 0, error = NULL, error_class = NULL,
               due_at = now() + make_interval(secs => %s), last_succeeded_at = business_now(), leased_until = NULL
         WHERE id = %s AND lease = %s
        """,
        (due_in_seconds, reading.id, reading.lease),
    )


def count_documents(tx: WriteTx, reading: Reading, *, documents: int) -> None:
    """Count documents that a feed has stored."""
    tx.execute(
        """
        UPDATE feed_readings SET documents = documents + %(n)s, new_documents = new_documents + %(n)s,
               last_document_at = business_now() WHERE id = %(id)s
        """,
        {"n": documents, "id": reading.id},
    )


def select_unfinished(tx: ReadTx, *, connection_id: int, feed: str) -> list[Transfer]:
    """Files that came and are not read, or not moved away yet; those that failed least often first."""
    return tx.all(
        Transfer,
        f"""
        SELECT {_TRANSFER} FROM file_transfers
         WHERE connection_id = %s AND feed = %s AND direction = 'in'
           AND (state IN ('seen', 'waiting', 'reading') OR moved_at IS NULL)
         ORDER BY attempts, id
        """,
        (connection_id, feed),
    )


def insert_seen(tx: WriteTx, *, connection_id: int, feed: str, entries: Sequence[Entry]) -> list[Transfer]:
    """Remember files that a folder lists for the first time."""
    return tx.all(
        Transfer,
        f"""
        INSERT INTO file_transfers (connection_id, direction, feed, name, path, unit, size_bytes, modified_at, state)
        SELECT %s, 'in', %s, name, path, unit, size, modified_at, 'seen'
          FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
               AS n (name, path, unit, size, modified_at)
        RETURNING {_TRANSFER}
        """,
        (
            connection_id,
            feed,
            [each.name for each in entries],
            [each.path for each in entries],
            [each.unit for each in entries],
            [each.size for each in entries],
            [each.modified_at for each in entries],
        ),
    )


def update_seen(tx: WriteTx, *, transfer_id: int, entry: Entry) -> None:
    """A file that has changed since the last look."""
    tx.execute(
        "UPDATE file_transfers SET size_bytes = %s, modified_at = %s WHERE id = %s",
        (entry.size, entry.modified_at, transfer_id),
    )


def delete_seen(tx: WriteTx, *, transfer_ids: Sequence[int]) -> None:
    """Files that vanished before they were read."""
    tx.execute("DELETE FROM file_transfers WHERE id = ANY(%s) AND state = 'seen'", (list(transfer_ids),))


def lock(tx: WriteTx, *, transfer_id: int) -> Transfer | None:
    """One transfer, locked."""
    return tx.one(
        Transfer, f"SELECT {_TRANSFER} FROM file_transfers WHERE id = %s FOR UPDATE", (transfer_id,)
    )


def select_same(tx: WriteTx, *, transfer: Transfer, sha256: str) -> list[int]:
    """The transfer that has this content already; transactions that ask for the same content wait for each other."""
    name = f"file:{transfer.connection_id}:{transfer.feed}:{sha256}"
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))
    return tx.column(
        int,
        """
        SELECT id FROM file_transfers WHERE connection_id = %s AND feed = %s AND sha256 = %s AND direction = 'in'
           AND state IN ('reading', 'read') AND id <> %s
        """,
        (transfer.connection_id, transfer.feed, sha256, transfer.id),
    )


def update_begun(tx: WriteTx, *, transfer_id: int, sha256: str) -> None:
    """A file is being read."""
    tx.execute(
        "UPDATE file_transfers SET state = 'reading', sha256 = %s, attempts = attempts + 1 WHERE id = %s",
        (sha256, transfer_id),
    )


def update_skipped(tx: WriteTx, *, transfer_id: int, sha256: str, duplicate_of: int) -> None:
    """A file has the content of another one."""
    tx.execute(
        """
        UPDATE file_transfers SET state = 'skipped', sha256 = %s, duplicate_of = %s, ended_at = business_now() WHERE id = %s
        """,
        (sha256, duplicate_of, transfer_id),
    )


def update_progress(tx: WriteTx, *, transfer_id: int, documents: int, rows: int) -> None:
    """So many documents and rows of a file are stored."""
    tx.execute(
        "UPDATE file_transfers SET documents = %s, rows = %s WHERE id = %s", (documents, rows, transfer_id)
    )


def update_ended(tx: WriteTx, *, transfer_id: int, state: TransferState, error: str | None) -> None:
    """A file has been read, or cannot be read."""
    tx.execute(
        "UPDATE file_transfers SET state = %s, error = %s, ended_at = business_now() WHERE id = %s",
        (state.value, error, transfer_id),
    )


def update_moved(tx: WriteTx, *, transfer_id: int, path: str) -> None:
    """A file has left its folder."""
    tx.execute(
        "UPDATE file_transfers SET path = %s, moved_at = business_now() WHERE id = %s", (path, transfer_id)
    )


def update_waiting(tx: WriteTx, *, transfer_id: int) -> None:
    """Have a file read again, from where it is now."""
    tx.execute(
        """
        UPDATE file_transfers SET state = 'waiting', reading = reading + 1, documents = 0, rows = 0, error = NULL,
               attempts = 0, ended_at = NULL, moved_at = NULL
         WHERE id = %s
        """,
        (transfer_id,),
    )


def update_feed_due(tx: WriteTx, *, connection_id: int, feed: str) -> None:
    """Look at a folder at once."""
    tx.execute(
        "UPDATE feed_readings SET due_at = now() WHERE connection_id = %s AND feed = %s AND ends_at IS NULL",
        (connection_id, feed),
    )


def insert_messages(tx: WriteTx, *, transfer: Transfer, event_ids: Sequence[str]) -> None:
    """Link a file with the messages that it was split into."""
    tx.execute(
        """
        INSERT INTO file_messages (file_transfer_id, message_id)
        SELECT %s, id FROM inbox WHERE connection_id = %s AND external_event_id = ANY(%s)
        ON CONFLICT DO NOTHING
        """,
        (transfer.id, transfer.connection_id, list(event_ids)),
    )


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A file for people. `messages` is how many messages of it are stored, `failed_messages` how many of them failed."""

    id: int
    direction: str
    feed: str
    name: str
    path: str
    size_bytes: int
    rows: int
    state: str
    error: str | None
    sha256: str | None
    duplicate_of: int | None
    reference: str | None
    number: int | None
    created_at: datetime
    ended_at: datetime | None
    messages: int
    failed_messages: int


SORTING = Sorting({"created_at": Key("timestamptz")})
_ROW = """
    t.id, t.direction, t.feed, t.name, t.path, t.size_bytes, t.rows, t.state, t.error, t.sha256, t.duplicate_of, t.reference,
    t.number, t.created_at, t.ended_at,
    (SELECT count(*) FROM file_messages m WHERE m.file_transfer_id = t.id)::int AS messages,
    (SELECT count(*) FROM file_messages m JOIN inbox i ON i.id = m.message_id
      WHERE m.file_transfer_id = t.id AND i.state = 3)::int AS failed_messages
"""


def select_page(tx: ReadTx, *, connection_id: int, state: str, page: Keyset) -> list[TransferRow]:
    """A page of the files of a connection (in a state)."""
    found = f"""
        SELECT {_ROW} FROM file_transfers t
         WHERE t.connection_id = %(connection)s AND (%(state)s = '' OR t.state = %(state)s)
    """
    return tx.all(
        TransferRow,
        SORTING.page(found, page),
        {"connection": connection_id, "state": state, **page.parameters},
    )


def select_row(tx: ReadTx, *, connection_id: int, transfer_id: int) -> TransferRow | None:
    """One file of a connection."""
    return tx.one(
        TransferRow,
        f"SELECT {_ROW} FROM file_transfers t WHERE t.connection_id = %s AND t.id = %s",
        (connection_id, transfer_id),
    )


def select_message_ids(tx: ReadTx, *, transfer_id: int) -> list[int]:
    """The messages that a file was split into, oldest first."""
    return tx.column(
        int,
        "SELECT message_id FROM file_messages WHERE file_transfer_id = %s ORDER BY message_id",
        (transfer_id,),
    )


def mark_dead_read(tx: WriteTx, *, connection_id: int, event_id: str) -> None:
    """The dead message of a file that is read again is settled."""
    tx.execute(
        "UPDATE inbox SET state = 2 WHERE connection_id = %s AND external_event_id = %s AND state = 3",
        (connection_id, event_id),
    )
