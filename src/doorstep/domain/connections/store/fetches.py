"""SQL of fetches: resources that a hint named, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.domain.connections.model import Hint
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ConnectionId


@dataclass(frozen=True, slots=True)
class Fetch:
    """A leased fetch. `wanted` is the token that shows whether another hint came meanwhile."""

    id: int
    connection_id: ConnectionId
    feed: str
    external_id: str
    wanted: int
    attempts: int


def upsert(tx: WriteTx, *, connection_id: int, hints: Sequence[Hint]) -> int:
    """Ask for resources; one that is being fetched now is fetched once more."""
    unique = sorted({(each.feed, each.external_id) for each in hints})
    return tx.execute(
        """
        INSERT INTO fetches (connection_id, feed, external_id)
        SELECT %(connection)s, feed, external_id FROM unnest(%(feeds)s::text[], %(ids)s::text[]) AS h (feed, external_id)
        ON CONFLICT (connection_id, feed, external_id) DO UPDATE SET wanted = fetches.wanted + 1
        """,
        {
            "connection": connection_id,
            "feeds": [feed for feed, _ in unique],
            "ids": [external_id for _, external_id in unique],
        },
    )


def lease_due(tx: WriteTx, *, connection_ids: Sequence[int], limit: int, lease_seconds: float) -> list[Fetch]:
    """Lease the due fetches of the connection that waits longest."""
    return tx.all(
        Fetch,
        """
        WITH first AS (
            SELECT connection_id, feed FROM fetches
             WHERE run_at <= now() AND (leased_until IS NULL OR leased_until < now())
               AND connection_id = ANY(%(ids)s) ORDER BY run_at, id LIMIT 1
        ), due AS (
            SELECT f.id FROM fetches f JOIN first USING (connection_id, feed)
             WHERE f.run_at <= now() AND (f.leased_until IS NULL OR f.leased_until < now())
             ORDER BY f.run_at, f.id LIMIT %(limit)s FOR UPDATE OF f SKIP LOCKED
        )
        UPDATE fetches f SET attempts = attempts + 1, leased_until = now() + make_interval(secs => %(lease)s)
          FROM due WHERE f.id = due.id RETURNING f.id, f.connection_id, f.feed, f.external_id, f.wanted, f.attempts
        """,
        {"ids": list(connection_ids), "limit": limit, "lease": lease_seconds},
    )


def delete(tx: WriteTx, fetches: Sequence[Fetch]) -> None:
    """These are done; those that were asked for again meanwhile are due again."""
    columns = ([each.id for each in fetches], [each.wanted for each in fetches])
    tx.execute(
        """
        DELETE FROM fetches f USING unnest(%s::bigint[], %s::bigint[]) AS d (id, wanted)
         WHERE f.id = d.id AND f.wanted = d.wanted
        """,
        columns,
    )
    tx.execute(
        "UPDATE fetches SET leased_until = NULL, attempts = 0, run_at = now() WHERE id = ANY(%s)", columns[:1]
    )


def update_given_back(tx: WriteTx, fetches: Sequence[Fetch]) -> None:
    """End the leases of fetches that were not tried; one that another process has leased meanwhile stays there."""
    tx.execute(
        """
        UPDATE fetches f SET leased_until = NULL, attempts = f.attempts - 1
          FROM unnest(%s::bigint[], %s::integer[]) AS g (id, attempts) WHERE f.id = g.id AND f.attempts = g.attempts
        """,
        ([each.id for each in fetches], [each.attempts for each in fetches]),
    )


def update_failed(tx: WriteTx, fetch: Fetch, *, error: str, error_class: str, wait: float) -> None:
    """Postpone a fetch that failed."""
    tx.execute(
        """
        UPDATE fetches SET leased_until = NULL, error = %(error)s, error_class = %(error_class)s,
               run_at = now() + make_interval(secs => %(wait)s)
         WHERE id = %(id)s
        """,
        {"wait": wait, "error": error, "error_class": error_class, "id": fetch.id},
    )


def next_due_seconds(tx: ReadTx) -> float | None:
    """Seconds until a fetch, a feed or a back-fill of a connection that is on is due; 0 or less: it is due now."""
    rows = tx.rows(
        """
        SELECT extract(epoch FROM min(due_at) - now())::float8 AS seconds FROM (
            SELECT connection_id, greatest(run_at, leased_until) AS due_at FROM fetches
            UNION ALL
            SELECT connection_id, greatest(due_at, leased_until) FROM feed_readings WHERE state = 'running'
        ) work JOIN connections c ON c.id = work.connection_id WHERE c.mode <> 'off'
        """
    )
    seconds = rows[0]["seconds"]
    return None if seconds is None else float(str(seconds))


def count(tx: ReadTx, *, connection_id: int) -> dict[str, int]:
    """How many resources of each feed of a connection wait to be fetched."""
    rows = tx.rows(
        "SELECT feed, count(*) AS n FROM fetches WHERE connection_id = %s GROUP BY feed", (connection_id,)
    )
    return {str(row["feed"]): int(str(row["n"])) for row in rows}
