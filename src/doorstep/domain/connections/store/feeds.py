"""SQL of feeds and back-fills: how far they have been read, and who is reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.connections.model import Position, Reading, ReadingState
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.jobs import LostLease

_READING = """
    id, connection_id, feed, lease, failures, watermark_at, window_since, window_until, page_token, newest_at, ends_at,
    reconciled_until
"""


def insert_missing(tx: WriteTx, *, connection_ids: Sequence[int], feeds: Sequence[str]) -> int:
    """Give these feeds a row, read from now on, where they have none."""
    return tx.execute(
        """
        INSERT INTO feed_readings (connection_id, feed, starts_at, watermark_at, reconciled_until)
        SELECT connection_id, feed, business_now(), business_now(), business_now() FROM unnest(%(ids)s::bigint[], %(feeds)s::text[]) AS f (connection_id, feed)
        ON CONFLICT (connection_id, feed) WHERE ends_at IS NULL DO NOTHING
        """,
        {"ids": list(connection_ids), "feeds": list(feeds)},
    )


def lease_due(tx: WriteTx, *, connection_ids: Sequence[int], lease_seconds: float) -> Reading | None:
    """Lease the reading that is due longest, live feeds before back-fills, of connections that nobody reads now."""
    return tx.one(
        Reading,
        f"""
        WITH due AS (
            SELECT r.id FROM feed_readings r
             WHERE r.state = 'running' AND r.due_at <= now() AND (r.leased_until IS NULL OR r.leased_until < now())
               AND r.connection_id = ANY(%(ids)s)
               AND NOT EXISTS (SELECT FROM feed_readings o WHERE o.connection_id = r.connection_id AND o.leased_until > now())
             ORDER BY r.ends_at IS NOT NULL, r.due_at, r.id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE feed_readings r SET lease = lease + 1, leased_until = now() + make_interval(secs => %(lease)s),
               last_started_at = business_now()
          FROM due WHERE r.id = due.id RETURNING {_READING.replace("id,", "r.id,", 1)}
        """,
        {"ids": list(connection_ids), "lease": lease_seconds},
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """What a page changes: the new position, how many documents it had and how many were new, when to go on."""

    position: Position
    documents: int
    new_documents: int
    due_in_seconds: float
    lease_seconds: float | None  # None: the lease ends
    is_done: bool = False


def update_progress(tx: WriteTx, *, reading: Reading, progress: Progress) -> bool:
    """Store the position after a page; whether it may go on. Raises LostLease if another process has taken over.

    What a person has paused or canceled meanwhile keeps its state, and the lease ends.
    """
    window = progress.position.window
    found = tx.column(
        str,
        """
        UPDATE feed_readings SET watermark_at = greatest(watermark_at, %(watermark)s), window_since = %(since)s,
               window_until = %(until)s, page_token = %(token)s, newest_at = %(newest)s, failures = 0, error = NULL,
               error_class = NULL, documents = documents + %(documents)s, new_documents = new_documents + %(new)s,
               due_at = now() + make_interval(secs => %(due)s), last_succeeded_at = business_now(),
               last_document_at = CASE WHEN %(new)s > 0 THEN business_now() ELSE last_document_at END,
               leased_until = CASE WHEN state = 'running' THEN now() + make_interval(secs => %(lease)s::float8) END,
               state = CASE WHEN %(done)s AND state = 'running' THEN 'done' ELSE state END,
               finished_at = CASE WHEN %(done)s AND state = 'running' THEN business_now() ELSE finished_at END
         WHERE id = %(id)s AND lease = %(token_of_lease)s RETURNING state
        """,
        {
            "watermark": progress.position.watermark_at,
            "since": window.since if window else None,
            "until": window.until if window else None,
            "token": window.token if window else "",
            "newest": progress.position.newest_at,
            "documents": progress.documents,
            "new": progress.new_documents,
            "due": progress.due_in_seconds,
            "lease": progress.lease_seconds,
            "done": progress.is_done,
            "id": reading.id,
            "token_of_lease": reading.lease,
        },
    )
    _held(len(found), reading)
    return found[0] == ReadingState.RUNNING


def update_failure(
    tx: WriteTx, reading: Reading, *, error: str, error_class: str, wait: float, drop_token: bool
) -> None:
    """Record a failure and end the lease. Raises LostLease if another process has taken over."""
    found = tx.execute(
        """
        UPDATE feed_readings SET failures = failures + 1, error = %(error)s, error_class = %(error_class)s,
               due_at = now() + make_interval(secs => %(wait)s), leased_until = NULL,
               page_token = CASE WHEN %(drop)s THEN '' ELSE page_token END
         WHERE id = %(id)s AND lease = %(lease)s
        """,
        {
            "error": error,
            "error_class": error_class,
            "wait": wait,
            "drop": drop_token,
            "id": reading.id,
            "lease": reading.lease,
        },
    )
    _held(found, reading)


def update_reconciled(tx: WriteTx, *, reading_id: int, until: datetime, missing: int) -> None:
    """An hour has been compared; `missing` documents of it had not been stored."""
    tx.execute(
        """
        UPDATE feed_readings SET reconciled_until = %s, missing_documents = missing_documents + %s
         WHERE id = %s AND reconciled_until < %s
        """,
        (until, missing, reading_id, until),
    )


def end_lease(tx: WriteTx, reading: Reading) -> None:
    """Let others read on at once."""
    tx.execute(
        "UPDATE feed_readings SET leased_until = NULL WHERE id = %s AND lease = %s",
        (reading.id, reading.lease),
    )


def _held(found: int, reading: Reading) -> None:
    if not found:
        raise LostLease("Another process reads this feed now.", feed=reading.feed)


@dataclass(frozen=True, slots=True)
class FeedState:
    """A reading for people: a feed, or a back-fill (`ends_at` is set). Times are business time."""

    id: int
    connection_id: int
    feed: str
    state: str
    starts_at: datetime
    ends_at: datetime | None
    watermark_at: datetime
    due_at: datetime
    failures: int
    error: str | None
    error_class: str | None
    documents: int
    new_documents: int
    missing_documents: int
    last_started_at: datetime | None
    last_succeeded_at: datetime | None
    last_document_at: datetime | None
    reconciled_until: datetime | None
    requested_by: str
    created_at: datetime
    finished_at: datetime | None


_STATE = """
    id, connection_id, feed, state, starts_at, ends_at, watermark_at, due_at, failures, error, error_class, documents,
    new_documents, missing_documents, last_started_at, last_succeeded_at, last_document_at, reconciled_until, requested_by,
    created_at, finished_at
"""


def select_states(tx: ReadTx, *, connection_id: int | None) -> list[FeedState]:
    """The readings of a connection, or of all: feeds by name, then back-fills, newest first."""
    return tx.all(
        FeedState,
        f"""
        SELECT {_STATE} FROM feed_readings WHERE %(id)s::bigint IS NULL OR connection_id = %(id)s
         ORDER BY connection_id, ends_at IS NOT NULL, CASE WHEN ends_at IS NULL THEN feed END, id DESC
        """,
        {"id": connection_id},
    )


def lock_state(tx: WriteTx, *, reading_id: int) -> FeedState:
    """One reading, locked; raises NotFound."""
    found = tx.one(FeedState, f"SELECT {_STATE} FROM feed_readings WHERE id = %s FOR UPDATE", (reading_id,))
    if found is None:
        raise errors.NotFound(f"There is no feed or back-fill {reading_id}.")
    return found


def update_state(tx: WriteTx, *, reading_id: int, state: ReadingState) -> None:
    """Set the state; what runs again is due at once."""
    tx.execute(
        """
        UPDATE feed_readings SET state = %(state)s, due_at = now(),
               finished_at = CASE WHEN %(state)s = 'canceled' THEN business_now() END
         WHERE id = %(id)s
        """,
        {"state": state.value, "id": reading_id},
    )


def update_due(tx: WriteTx, *, reading_id: int) -> None:
    """Make a reading due now."""
    tx.execute("UPDATE feed_readings SET due_at = now() WHERE id = %s", (reading_id,))


def update_failed_due(tx: WriteTx, *, connection_id: int) -> None:
    """Read what failed of a connection at the next round."""
    tx.execute(
        "UPDATE feed_readings SET due_at = now() WHERE connection_id = %s AND error IS NOT NULL",
        (connection_id,),
    )


def insert_backfill(
    tx: WriteTx, *, connection_id: int, feed: str, since: datetime, until: datetime, actor: str
) -> int:
    """Store a back-fill; returns its id."""
    return tx.value(
        int,
        """
        INSERT INTO feed_readings (connection_id, feed, starts_at, ends_at, watermark_at, requested_by)
        VALUES (%(connection)s, %(feed)s, %(since)s, %(until)s, %(since)s, %(actor)s) RETURNING id
        """,
        {"connection": connection_id, "feed": feed, "since": since, "until": until, "actor": actor},
    )


def select_open_backfill(tx: ReadTx, *, connection_id: int, feed: str) -> list[int]:
    """Back-fills of a feed that have not ended."""
    return tx.column(
        int,
        """
        SELECT id FROM feed_readings
         WHERE connection_id = %s AND feed = %s AND ends_at IS NOT NULL AND state IN ('running', 'paused')
        """,
        (connection_id, feed),
    )
