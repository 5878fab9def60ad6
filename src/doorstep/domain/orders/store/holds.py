"""Holds and notes on orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.orders.model import Hold
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.message import Message


@dataclass(frozen=True, slots=True)
class OpenHold:
    """An open hold."""

    id: int
    order_id: int
    reason: str
    message: Message


def select_open_holds(tx: ReadTx, *, order_ids: Sequence[int]) -> list[OpenHold]:
    """Open holds of these orders."""
    return tx.all(
        OpenHold,
        "SELECT id, order_id, reason, message FROM order_holds WHERE order_id = ANY(%s) AND released_at IS NULL ORDER BY id",
        (list(order_ids),),
    )


@dataclass(frozen=True, slots=True)
class HeldCount:
    """How many orders are held for a reason."""

    reason: str
    orders: int


def select_held_counts(tx: ReadTx, *, connection_id: int) -> list[HeldCount]:
    """How many orders of a channel are held, by reason, most frequent first."""
    return tx.all(
        HeldCount,
        """
        SELECT h.reason, count(*) AS orders FROM order_holds h JOIN orders o ON o.id = h.order_id
         WHERE h.released_at IS NULL AND o.connection_id = %s GROUP BY h.reason ORDER BY count(*) DESC, h.reason
        """,
        (connection_id,),
    )


def select_with_sku(tx: ReadTx, *, connection_id: int, reason: str, sku: str, limit: int) -> list[int]:
    """Orders of a channel with this open hold and a line of this SKU, by id."""
    return tx.column(
        int,
        """
        SELECT o.id FROM order_holds h JOIN orders o ON o.id = h.order_id
         WHERE h.released_at IS NULL AND h.reason = %s AND o.connection_id = %s AND o.canceled_at IS NULL
           AND EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id AND l.sku = %s)
         ORDER BY o.id LIMIT %s
        """,
        (reason, connection_id, sku, limit),
    )


def select_ever_held(tx: ReadTx, *, order_id: int, reason: str) -> bool:
    """Whether the order has or had a hold with this reason."""
    statement = "SELECT EXISTS (SELECT FROM order_holds WHERE order_id = %s AND reason = %s)"
    return tx.value(bool, statement, (order_id, reason))


def insert_holds(tx: WriteTx, holds: Sequence[tuple[int, Hold]], *, at: datetime) -> None:
    """Place holds; an open one stays, with its message renewed."""
    tx.execute(
        """
        INSERT INTO order_holds (order_id, reason, message, placed_by, placed_at)
        SELECT h.order_id, h.reason, h.message, %s, %s
          FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) AS h(order_id, reason, message)
        ON CONFLICT (order_id, reason) WHERE released_at IS NULL DO UPDATE SET message = excluded.message
        """,
        (
            tx.actor,
            at,
            [order_id for order_id, _ in holds],
            [hold.reason.value for _, hold in holds],
            [hold.message for _, hold in holds],
        ),
    )


def release_holds(tx: WriteTx, *, ids: Sequence[int], at: datetime) -> int:
    """End holds."""
    return tx.execute(
        "UPDATE order_holds SET released_at = %s, released_by = %s WHERE id = ANY(%s) AND released_at IS NULL",
        (at, tx.actor, list(ids)),
    )


def insert_note(tx: WriteTx, *, order_id: int, text: str, at: datetime) -> int:
    """Store a note; returns its id."""
    return tx.value(
        int,
        "INSERT INTO order_notes (order_id, text, author, at) VALUES (%s, %s, %s, %s) RETURNING id",
        (order_id, text, tx.actor, at),
    )
