"""SQL of orders that still wait for checks or routing: what is due next, exception queues, retries.

An order without a row here waits for nothing. Every writer holds the lock of the order first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.orders.model import QueuePlacement
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import NOTHING
from doorstep.kernel.transactions import Kind


@dataclass(frozen=True, slots=True)
class NewRoutingState:
    """What a new order waits for: checks at once, or its retry in a queue."""

    order_id: OrderId
    placement: QueuePlacement | None
    at: datetime


def copy_routing_states(tx: WriteTx, rows: Sequence[NewRoutingState]) -> None:
    """Write what new orders wait for."""
    tx.copy(
        """
        COPY order_routing (order_id, due, due_at, is_short, queue, queue_reason, queued_at, wakes_on_stock, tries,
                            auto_cancel_at) FROM STDIN
        """,
        [_values(row) for row in rows],
    )


def _values(row: NewRoutingState) -> tuple[object, ...]:
    placed = row.placement
    if placed is None:
        return row.order_id, "approve", row.at, False, "", NOTHING, None, True, 0, None
    due = "route" if placed.is_retried else None
    return (
        row.order_id, due, placed.retry_at, True, placed.queue, placed.reason, placed.at, placed.wakes_on_stock, 1,
        None if placed.forgets_auto_cancel else placed.auto_cancel_at,
    )  # fmt: skip


def set_due(tx: WriteTx, *, order_ids: Sequence[int], due: str, at: datetime) -> None:
    """Set what is due next for these orders, and from when."""
    tx.execute(
        """
        INSERT INTO order_routing (order_id, due, due_at) SELECT id, %s, %s FROM unnest(%s::bigint[]) AS u(id)
        ON CONFLICT (order_id) DO UPDATE SET due = excluded.due, due_at = excluded.due_at
        """,
        (due, at, list(order_ids)),
    )


def set_nothing_due(tx: WriteTx, *, order_ids: Sequence[int]) -> None:
    """Stop checks and retries of these orders; one that is short keeps its queue."""
    tx.execute("DELETE FROM order_routing WHERE order_id = ANY(%s) AND NOT is_short", (list(order_ids),))
    tx.execute(
        "UPDATE order_routing SET due = NULL, due_at = NULL WHERE order_id = ANY(%s)", (list(order_ids),)
    )


def end_waits(tx: WriteTx, *, order_ids: Sequence[int]) -> None:
    """End every wait of these orders: they are allocated or canceled."""
    tx.execute("DELETE FROM order_routing WHERE order_id = ANY(%s)", (list(order_ids),))


def put_in_queues(tx: WriteTx, placements: Mapping[OrderId, QueuePlacement]) -> None:
    """Mark these orders as short: their queue, and until when. One that stays in its queue keeps its time there."""
    each = list(placements.values())
    tx.execute(
        """
        INSERT INTO order_routing (order_id, due, due_at, is_short, queue, queue_reason, queued_at, wakes_on_stock, tries,
                                   auto_cancel_at)
        SELECT p.id, CASE WHEN p.retry_at IS NOT NULL OR p.wakes THEN 'route' END, p.retry_at, true, p.queue, p.reason,
               CASE WHEN r.queue = p.queue THEN coalesce(r.queued_at, p.at) ELSE p.at END, p.wakes,
               coalesce(r.tries, 0) + 1,
               CASE WHEN p.forgets THEN NULL ELSE coalesce(r.auto_cancel_at, p.auto_cancel_at) END
          FROM unnest(%s::bigint[], %s::text[], %s::jsonb[], %s::timestamptz[], %s::timestamptz[], %s::boolean[],
                      %s::timestamptz[], %s::boolean[])
               AS p(id, queue, reason, at, retry_at, wakes, auto_cancel_at, forgets)
          LEFT JOIN order_routing r ON r.order_id = p.id
        ON CONFLICT (order_id) DO UPDATE
           SET due = excluded.due, due_at = excluded.due_at, is_short = true, queue = excluded.queue,
               queue_reason = excluded.queue_reason, queued_at = excluded.queued_at,
               wakes_on_stock = excluded.wakes_on_stock, tries = excluded.tries, auto_cancel_at = excluded.auto_cancel_at
        """,
        (
            list(placements),
            [placed.queue for placed in each],
            [placed.reason for placed in each],
            [placed.at for placed in each],
            [placed.retry_at for placed in each],
            [placed.wakes_on_stock for placed in each],
            [placed.auto_cancel_at for placed in each],
            [placed.forgets_auto_cancel for placed in each],
        ),
    )


def lock_due(tx: WriteTx, *, due: str, now: datetime, limit: int) -> list[int]:
    """Lock orders for which this is due; skip locked ones. A held order is checked again, but not routed.

    Both rows are locked: the row here shows what another worker did since this statement began.
    """
    return _held(
        tx,
        tx.column(
            int,
            """
        SELECT o.id FROM order_routing r JOIN orders o ON o.id = r.order_id
         WHERE r.due = %(due)s AND r.due_at <= %(now)s
           AND (r.due = 'approve' OR NOT EXISTS (SELECT 1 FROM order_holds h
                                                  WHERE h.order_id = r.order_id AND h.released_at IS NULL))
         ORDER BY r.due_at, r.order_id LIMIT %(limit)s FOR NO KEY UPDATE OF o, r SKIP LOCKED
        """,
            {"due": due, "now": now, "limit": limit},
        ),
    )


def lock_overdue(tx: WriteTx, *, now: datetime, limit: int) -> list[int]:
    """Lock queued orders that are due for automatic cancellation; skip locked ones and held orders."""
    return _held(
        tx,
        tx.column(
            int,
            """
        SELECT o.id FROM order_routing r JOIN orders o ON o.id = r.order_id
         WHERE r.auto_cancel_at <= %s AND o.canceled_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = r.order_id AND h.released_at IS NULL)
         ORDER BY r.auto_cancel_at, r.order_id LIMIT %s FOR NO KEY UPDATE OF o, r SKIP LOCKED
        """,
            (now, limit),
        ),
    )


def lock_short(tx: WriteTx, *, after: int, limit: int) -> list[int]:
    """Lock approved orders with unallocated lines, by id; skip locked ones and held orders."""
    return _held(
        tx,
        tx.column(
            int,
            """
        SELECT o.id FROM order_routing r JOIN orders o ON o.id = r.order_id
         WHERE r.order_id > %s AND r.is_short AND o.approved_at IS NOT NULL AND o.canceled_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = r.order_id AND h.released_at IS NULL)
         ORDER BY r.order_id LIMIT %s FOR NO KEY UPDATE OF o, r SKIP LOCKED
        """,
            (after, limit),
        ),
    )


def _held(tx: WriteTx, order_ids: list[int]) -> list[int]:
    """These orders are locked now."""
    tx.locks.add(Kind.ORDER, order_ids)
    return order_ids


def retry_backorders(tx: WriteTx, *, skus: Sequence[str], at: datetime) -> int:
    """Retry short orders that want one of these SKUs; returns how many.

    It waits for a worker that routes such an order at this moment, so that the order is retried with the new stock.
    """
    return tx.execute(
        """
        WITH locked AS (
            SELECT r.order_id FROM order_routing r JOIN orders o ON o.id = r.order_id
             WHERE r.is_short AND r.due = 'route' AND r.wakes_on_stock
               AND EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = r.order_id AND l.sku = ANY(%s)
                              AND l.allocated + l.canceled < l.quantity)
             ORDER BY r.order_id FOR NO KEY UPDATE OF o)
        UPDATE order_routing r SET due_at = %s FROM locked
         WHERE r.order_id = locked.order_id AND r.is_short AND r.due = 'route' AND r.wakes_on_stock
        """,
        (list(skus), at),
    )


def retry_short(tx: WriteTx, *, at: datetime) -> int:
    """Retry every short order that new stock may wake; returns how many."""
    return tx.execute(
        """
        WITH locked AS (
            SELECT r.order_id FROM order_routing r JOIN orders o ON o.id = r.order_id
             WHERE r.is_short AND r.due = 'route' AND r.wakes_on_stock AND (r.due_at IS NULL OR r.due_at > %(at)s)
             ORDER BY r.order_id FOR NO KEY UPDATE OF o)
        UPDATE order_routing r SET due_at = %(at)s FROM locked
         WHERE r.order_id = locked.order_id AND r.is_short AND r.due = 'route' AND r.wakes_on_stock
        """,
        {"at": at},
    )


def exists_due(tx: ReadTx, *, now: datetime) -> bool:
    """Whether an order is due for checks or routing."""
    return tx.value(
        bool,
        """
        SELECT EXISTS (SELECT FROM order_routing WHERE due = 'approve' AND due_at <= %(now)s)
            OR EXISTS (SELECT FROM order_routing WHERE due = 'route' AND due_at <= %(now)s)
        """,
        {"now": now},
    )


def next_due_at(tx: ReadTx, *, now: datetime) -> datetime | None:
    """When the next order becomes due."""
    found = tx.column(
        datetime,
        """
        (SELECT due_at FROM order_routing WHERE due = 'approve' AND due_at > %(now)s ORDER BY due_at LIMIT 1)
        UNION ALL
        (SELECT due_at FROM order_routing WHERE due = 'route' AND due_at > %(now)s ORDER BY due_at LIMIT 1)
        """,
        {"now": now},
    )
    return min(found, default=None)


def select_due(tx: ReadTx, *, order_ids: Sequence[int], due: str) -> list[int]:
    """Those of these orders for which this is due next."""
    return tx.column(
        int,
        "SELECT order_id FROM order_routing WHERE order_id = ANY(%s) AND due = %s ORDER BY order_id",
        (list(order_ids), due),
    )
