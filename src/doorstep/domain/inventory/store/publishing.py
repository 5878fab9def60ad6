"""SQL of the stock levels that sales channels get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Key, Keyset, Sorting


@dataclass(frozen=True, slots=True)
class Publisher:
    """How far a channel's levels follow the ledgers."""

    connection_id: int
    stock_position: int
    network_position: int
    compared_at: datetime | None


@dataclass(frozen=True, slots=True)
class Published:
    """A SKU at a channel: what it may sell, what it was sent, why it refused."""

    sku: str
    available: int
    changed_at: datetime
    sending: int | None
    sent: int | None
    sent_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many SKUs a channel was sent, is to be sent, and refused."""

    skus: int
    waiting: int
    refused: int


def lock_publisher(tx: WriteTx, *, connection_id: int) -> Publisher:
    """The publisher of a connection, locked; a new one begins at the start of the ledgers."""
    tx.execute(
        "INSERT INTO stock_publishers (connection_id) VALUES (%s) ON CONFLICT DO NOTHING", (connection_id,)
    )
    (found,) = tx.all(
        Publisher, "SELECT * FROM stock_publishers WHERE connection_id = %s FOR UPDATE", (connection_id,)
    )
    return found


def update_publisher(tx: WriteTx, publisher: Publisher) -> None:
    """Store how far a publisher is."""
    tx.execute(
        """
        UPDATE stock_publishers SET stock_position = %s, network_position = %s, compared_at = %s WHERE connection_id = %s
        """,
        (
            publisher.stock_position,
            publisher.network_position,
            publisher.compared_at,
            publisher.connection_id,
        ),
    )


def select_heads(tx: ReadTx) -> tuple[int, int]:
    """The newest positions of the two ledgers."""
    row = tx.rows(
        """
        SELECT coalesce((SELECT max(id) FROM stock_movements), 0) AS stock,
               coalesce((SELECT max(id) FROM network_movements), 0) AS network
        """
    )[0]
    return int(str(row["stock"])), int(str(row["network"]))


def select_moved(tx: ReadTx, *, stock_after: int, network_after: int) -> set[str]:
    """SKUs that moved in either ledger after these positions."""
    return set(
        tx.column(
            str,
            """
            SELECT sku FROM stock_movements WHERE id > %s UNION SELECT sku FROM network_movements WHERE id > %s
            """,
            (stock_after, network_after),
        )
    )


def upsert_levels(tx: WriteTx, *, connection_id: int, levels: Mapping[str, int], at: datetime) -> int:
    """Store the newest levels; returns how many differ from what was stored. Locks in key order."""
    rows = sorted(levels.items())
    return tx.execute(
        """
        INSERT INTO published_stock AS p (connection_id, sku, available, changed_at)
        SELECT %(id)s, u.sku, u.available, %(at)s FROM unnest(%(skus)s::text[], %(levels)s::bigint[]) AS u (sku, available)
        ON CONFLICT (connection_id, sku) DO UPDATE SET available = excluded.available, changed_at = excluded.changed_at
         WHERE p.available <> excluded.available
        """,
        {
            "id": connection_id,
            "at": at,
            "skus": [sku for sku, _ in rows],
            "levels": [level for _, level in rows],
        },
    )


_PUBLISHED = "SELECT sku, available, changed_at, sending, sent, sent_at, error FROM published_stock"
_WAITING = "sent IS DISTINCT FROM available AND error = ''"


def take(tx: WriteTx, *, connection_id: int, limit: int) -> list[Published]:
    """Mark the levels that have waited longest as being sent, with their newest values."""
    tx.execute(
        "UPDATE published_stock SET sending = NULL WHERE connection_id = %s AND sending IS NOT NULL",
        (connection_id,),
    )
    return tx.all(
        Published,
        f"""
        UPDATE published_stock SET sending = available WHERE (connection_id, sku) IN (
            SELECT connection_id, sku FROM published_stock WHERE connection_id = %s AND {_WAITING}
             ORDER BY changed_at, sku LIMIT %s)
        RETURNING sku, available, changed_at, sending, sent, sent_at, error
        """,
        (connection_id, limit),
    )


def mark_sent(tx: WriteTx, *, connection_id: int, refused: Mapping[str, str], at: datetime) -> int:
    """Record the end of the call under way; returns how many SKUs the channel took."""
    tx.execute(
        """
        UPDATE published_stock p SET sending = NULL, error = r.reason
          FROM unnest(%s::text[], %s::text[]) AS r (sku, reason)
         WHERE p.connection_id = %s AND p.sku = r.sku AND p.sending IS NOT NULL
        """,
        (list(refused), list(refused.values()), connection_id),
    )
    return tx.execute(
        """
        UPDATE published_stock SET sent = sending, sent_at = %s, sending = NULL
         WHERE connection_id = %s AND sending IS NOT NULL
        """,
        (at, connection_id),
    )


def select_in_call(tx: ReadTx, *, connection_id: int) -> list[Published]:
    """The levels in the call under way, with their newest values."""
    return tx.all(
        Published,
        f"{_PUBLISHED} WHERE connection_id = %s AND sending IS NOT NULL ORDER BY sku",
        (connection_id,),
    )


def exists_waiting(tx: ReadTx, *, connection_id: int) -> bool:
    """Whether a level is to be sent."""
    return tx.value(
        bool,
        f"SELECT EXISTS (SELECT FROM published_stock WHERE connection_id = %s AND {_WAITING})",
        (connection_id,),
    )


def send_again(tx: WriteTx, *, connection_id: int, skus: Sequence[str] | None) -> int:
    """Have levels sent again, also those that were refused; returns how many."""
    return tx.execute(
        """
        UPDATE published_stock SET sent = NULL, error = '' WHERE connection_id = %(id)s
           AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))
        """,
        {"id": connection_id, "skus": None if skus is None else list(skus)},
    )


def count(tx: ReadTx, *, connection_id: int) -> Counts:
    """How many SKUs a channel was sent, is to be sent, and refused."""
    (found,) = tx.all(
        Counts,
        f"""
        SELECT count(*) AS skus, count(*) FILTER (WHERE {_WAITING}) AS waiting, count(*) FILTER (WHERE error <> '') AS refused
          FROM published_stock WHERE connection_id = %s
        """,
        (connection_id,),
    )
    return found


BY_SKU = Sorting({"sku": Key("text")}, tie="sku", tie_kind="text", tie_of=attrgetter("sku"))


def select_page(tx: ReadTx, *, connection_id: int, state: str, page: Keyset) -> list[Published]:
    """The levels of a channel by SKU: all, or those that are `waiting` or `refused`."""
    which = {"waiting": _WAITING, "refused": "error <> ''"}.get(state, "true")
    statement = f"{_PUBLISHED} WHERE connection_id = %(connection)s AND {which}"
    return tx.all(Published, BY_SKU.page(statement, page), {"connection": connection_id, **page.parameters})
