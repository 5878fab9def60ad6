"""Share out leases between connections, so that one slow partner holds no call of another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from doorstep.kernel.db import WriteTx
from doorstep.kernel.jobs.deliveries import FIELDS
from doorstep.kernel.jobs.model import Delivery

NOT_FOUND = -2  # deliveries.connection_id: none was found; they share among themselves


def unassigned(tx: WriteTx, *, subscribers: Sequence[str], limit: int) -> list[Delivery]:
    """Due deliveries of tasks whose connection was not looked up yet, in any order, locked for this transaction."""
    return tx.all(
        Delivery,
        f"""
        SELECT {FIELDS} FROM deliveries d JOIN events e ON e.position = d.event_position
         WHERE d.state = 0 AND d.connection_id <> -1 AND d.connection_id = 0 AND d.subscriber = ANY(%s) AND d.run_at <= now()
         LIMIT %s FOR UPDATE OF d SKIP LOCKED
        """,
        (list(subscribers), limit),
    )


def assign(tx: WriteTx, *, connections: Mapping[int, int]) -> None:
    """Store the connection of each delivery, by its id."""
    tx.execute(
        """
        UPDATE deliveries d SET connection_id = a.connection_id
          FROM unnest(%s::bigint[], %s::bigint[]) AS a(id, connection_id) WHERE d.id = a.id
        """,
        (list(connections), list(connections.values())),
    )


_EXPIRED = """
    UPDATE deliveries SET state = 0, leased_until = NULL
     WHERE state = 1 AND leased_until < now() AND subscriber = ANY(%s)
"""
_LEASE = f"""
    WITH RECURSIVE waiting (id) AS (
        (SELECT connection_id FROM deliveries WHERE state = 0 AND connection_id <> -1 ORDER BY connection_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.connection_id FROM deliveries d
                 WHERE d.state = 0 AND d.connection_id <> -1 AND d.connection_id > waiting.id ORDER BY d.connection_id LIMIT 1)
          FROM waiting WHERE waiting.id IS NOT NULL
    ), free AS (
        SELECT id, %(each)s::int - CASE WHEN %(shared)s::bool THEN (
                       SELECT count(*) FROM deliveries b
                        WHERE b.state = 1 AND b.connection_id = waiting.id AND b.subscriber = ANY(%(subscribers)s)) ELSE 0 END AS n
          FROM waiting WHERE id <> 0 AND id <> ALL(%(without)s::bigint[])
    ), taken AS (
        SELECT ready.id FROM free, LATERAL (
            SELECT d.id FROM unnest(%(subscribers)s::text[]) AS s(name), LATERAL (
                SELECT d.id, d.run_at FROM deliveries d
                 WHERE d.state = 0 AND d.connection_id <> -1 AND d.connection_id = free.id AND d.subscriber = s.name
                   AND d.run_at <= now()
                   AND NOT EXISTS (SELECT FROM deliveries earlier
                                    WHERE earlier.subscriber = d.subscriber AND (earlier.stream, earlier.key) = (d.stream, d.key)
                                      AND earlier.id < d.id AND earlier.state IN (0, 1))
                 ORDER BY d.run_at, d.id LIMIT greatest(free.n, 0)) AS d
             ORDER BY d.run_at, d.id LIMIT greatest(free.n, 0)) AS ready
    ), leased AS (
        UPDATE deliveries d SET state = 1, attempts = d.attempts + 1,
               leased_until = now() + make_interval(secs => %(lease)s)
          FROM taken WHERE d.id = taken.id AND d.state = 0 RETURNING d.*
    )
    SELECT {FIELDS} FROM leased d CROSS JOIN LATERAL (
           SELECT * FROM events WHERE position = d.event_position OFFSET 0) e ORDER BY d.id
"""


def lease_tasks(
    tx: WriteTx,
    *,
    subscribers: Sequence[str],
    per_connection: int,
    lease_seconds: float,
    is_shared: bool = True,
    without: Collection[int] = (),
) -> list[Delivery]:
    """Lease ready deliveries of each connection, oldest first; a worker that dies loses them when the lease ends.

    `is_shared` counts what all workers hold: never more than `per_connection` calls of a connection run at once.
    Otherwise it is the size of a batch. Leases of the same subscribers are given out one after the other.
    Events are looked up one by one: the planner expects many leases, and would read the whole log for them.
    """
    tx.execute(
        "SELECT pg_advisory_xact_lock(hashtext('doorstep.lease'), hashtext(%s))", (" ".join(subscribers),)
    )
    tx.execute(_EXPIRED, (list(subscribers),))
    return tx.all(
        Delivery,
        _LEASE,
        {
            "subscribers": list(subscribers),
            "each": per_connection,
            "shared": is_shared,
            "without": list(without),
            "lease": lease_seconds,
        },
    )
