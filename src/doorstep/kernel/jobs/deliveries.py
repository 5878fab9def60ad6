"""Claim, finish and fail deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.kernel.db import WriteTx
from doorstep.kernel.jobs.model import Delivery, Failure, LostLease

_READY = """
    (d.state = 0 AND d.run_at <= now() OR d.state = 1 AND d.leased_until < now())
    AND NOT EXISTS (SELECT 1 FROM deliveries earlier
                     WHERE earlier.subscriber = d.subscriber AND (earlier.stream, earlier.key) = (d.stream, d.key)
                       AND earlier.id < d.id
                       AND earlier.state IN (0, 1))
"""


FIELDS = """
    d.id, d.subscriber, d.stream, d.key, d.attempts, d.event_position, e.type AS event_type, e.data, e.actor, e.trace_id, e.occurred_at,
    d.connection_id, d.handle, d.forgiven
"""


def lock_deliveries(tx: WriteTx, *, subscriber: str, limit: int) -> list[Delivery]:
    """Lock ready deliveries of a handler until the end of this transaction; others skip them."""
    return tx.all(
        Delivery,
        f"""
        SELECT {FIELDS} FROM deliveries d JOIN events e ON e.position = d.event_position
         WHERE d.subscriber = %(subscriber)s AND {_READY}
         ORDER BY d.run_at, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
        """,
        {"subscriber": subscriber, "limit": limit},
    )


def finish(tx: WriteTx, deliveries: Sequence[Delivery]) -> None:
    """Delete finished deliveries, in the transaction that records their result. Raises LostLease."""
    if not deliveries:
        return
    gone = tx.execute(
        """
        DELETE FROM deliveries d USING unnest(%s::bigint[], %s::int[]) AS mine(id, attempts)
         WHERE d.id = mine.id AND d.attempts = mine.attempts
        """,
        ([delivery.id for delivery in deliveries], [delivery.attempts for delivery in deliveries]),
    )
    if gone != len(deliveries):
        raise LostLease(
            "The lease expired and another worker took over the delivery.",
            deliveries=[delivery.id for delivery in deliveries],
        )


def fail(tx: WriteTx, delivery: Delivery, *, failure: Failure, attempts: int) -> None:
    """Record a failure. A retry also postpones later deliveries of the same stream, so that they leave the scan.

    Raises LostLease if another worker has taken over: then that one's result counts.
    """
    found = tx.column(
        int,
        """
        WITH failed AS (
            UPDATE deliveries SET state = CASE WHEN %(wait)s::float8 IS NULL THEN 3 ELSE 0 END, leased_until = NULL,
                   attempts = greatest(attempts, %(attempts)s), error = %(error)s, error_class = %(error_class)s,
                   first_failed_at = coalesce(first_failed_at, business_now()), last_failed_at = business_now(),
                   run_at = now() + make_interval(secs => coalesce(%(wait)s::float8, 0))
             WHERE id = %(id)s AND attempts = %(token)s AND state IN (0, 1) RETURNING *
        ), put_off AS (
            UPDATE deliveries later SET run_at = greatest(later.run_at, failed.run_at) FROM failed
             WHERE failed.state = 0 AND later.subscriber = failed.subscriber
               AND (later.stream, later.key) = (failed.stream, failed.key)
               AND later.state = 0 AND later.id > failed.id
        )
        SELECT id FROM failed
        """,
        {
            "wait": failure.retry_in_seconds,
            "attempts": attempts,
            "error": failure.error,
            "error_class": failure.error_class,
            "id": delivery.id,
            "token": delivery.attempts,
        },
    )
    if not found:
        raise LostLease(
            "The lease expired and another worker took over the delivery.", deliveries=[delivery.id]
        )


def lock_leased(tx: WriteTx, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Those of a batch that are still leased to us, locked until the end of this transaction, in their order."""
    ids = set(
        tx.column(
            int,
            """
            SELECT d.id FROM deliveries d JOIN unnest(%s::bigint[], %s::int[]) AS mine(id, attempts)
                ON d.id = mine.id AND d.attempts = mine.attempts
             WHERE d.state IN (0, 1) ORDER BY d.id FOR UPDATE OF d
            """,
            ([each.id for each in deliveries], [each.attempts for each in deliveries]),
        )
    )
    return [each for each in deliveries if each.id in ids]


def give_back(tx: WriteTx, deliveries: Sequence[Delivery]) -> None:
    """End the lease of deliveries that were not tried: they are ready again, and this lease does not count."""
    tx.execute(
        """
        UPDATE deliveries d SET state = 0, attempts = d.attempts - 1, leased_until = NULL
          FROM unnest(%s::bigint[], %s::int[]) AS mine(id, attempts)
         WHERE d.id = mine.id AND d.attempts = mine.attempts AND d.state = 1
        """,
        ([each.id for each in deliveries], [each.attempts for each in deliveries]),
    )
