"""Calls that a partner has taken and not finished: kept with their handle, followed to their end."""

from __future__ import annotations

from doorstep.kernel.db import WriteTx
from doorstep.kernel.jobs.model import Delivery, LostLease
from doorstep.kernel.results import Pending

_LONGEST_SECONDS = 86_400.0


def keep_pending(tx: WriteTx, delivery: Delivery, pending: Pending) -> None:
    """Keep a delivery whose call goes on at the partner; it is due again when the partner is to be asked.

    Its attempts so far are forgiven, and later deliveries of its stream wait with it. Raises LostLease.
    """
    found = tx.column(
        int,
        """
        WITH kept AS (
            UPDATE deliveries SET state = 0, leased_until = NULL, handle = %(handle)s, forgiven = attempts,
                   pending_since = coalesce(pending_since, business_now()), error = NULL, error_class = NULL,
                   run_at = now() + make_interval(secs => %(wait)s)
             WHERE id = %(id)s AND attempts = %(token)s AND state IN (0, 1) RETURNING *
        ), put_off AS (
            UPDATE deliveries later SET run_at = greatest(later.run_at, kept.run_at) FROM kept
             WHERE later.subscriber = kept.subscriber AND (later.stream, later.key) = (kept.stream, kept.key)
               AND later.state = 0 AND later.id > kept.id
        )
        SELECT id FROM kept
        """,
        {
            "handle": pending.handle,
            "wait": min(max(pending.check_after.total_seconds(), 0.0), _LONGEST_SECONDS),
            "id": delivery.id,
            "token": delivery.attempts,
        },
    )
    if not found:
        raise LostLease(
            "The lease expired and another worker took over the delivery.", deliveries=[delivery.id]
        )
