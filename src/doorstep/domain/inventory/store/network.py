"""SQL of holds and commitments. Every writer holds the locks of the SKUs (`locks.py`), and locks holds after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.network import (
    NETWORK_EFFECTS,
    CartReservation,
    Commitment,
    HoldState,
    NetworkMovement,
    Part,
    Requested,
)
from doorstep.domain.inventory.store.locks import lock_free_skus, lock_skus
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku


@dataclass(frozen=True, slots=True)
class _RequestedRow:
    sku: Sku
    condition: Condition
    held: int
    committed: int


_REQUESTED = """
    SELECT n.sku, n.condition, n.held, n.committed
      FROM network_stock n JOIN unnest(%s::text[], %s::text[]) AS p(sku, condition) USING (sku, condition)
"""


def select_requested(tx: ReadTx, *, parts: Sequence[tuple[str, str]]) -> dict[Part, Requested]:
    """Held and committed units of these (SKU, condition); those without any are left out."""
    return _requested(tx.all(_RequestedRow, _REQUESTED, _columns(parts)))


def _columns(parts: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [part[0] for part in parts], [part[1] for part in parts]


def _requested(rows: Sequence[_RequestedRow]) -> dict[Part, Requested]:
    return {(row.sku, row.condition): Requested(row.held, row.committed) for row in rows}


_COUNTERS = """
    WITH change AS (
        SELECT * FROM unnest(%(skus)s::text[], %(conditions)s::text[], %(held)s::bigint[], %(committed)s::bigint[])
          AS c(sku, condition, held, committed)
    )
    UPDATE network_stock n SET held = n.held + c.held, committed = n.committed + c.committed
      FROM change c WHERE (n.sku, n.condition) = (c.sku, c.condition)
"""


def apply(tx: WriteTx, movements: Sequence[NetworkMovement]) -> None:
    """Write network movements and their counters, summed first."""
    lock_skus(tx, (each.sku for each in movements))
    total: dict[tuple[str, str], tuple[int, int]] = {}
    for each in movements:
        key, (held, committed) = (each.sku, each.condition.value), NETWORK_EFFECTS[each.type]
        before = total.get(key, (0, 0))
        total[key] = (before[0] + held * each.quantity, before[1] + committed * each.quantity)
    if not total:
        return
    keys = sorted(total)
    _ensure_counters(tx, keys)
    parameters = {
        "skus": [key[0] for key in keys],
        "conditions": [key[1] for key in keys],
        "held": [total[key][0] for key in keys],
        "committed": [total[key][1] for key in keys],
    }
    tx.execute(_COUNTERS, parameters)
    tx.copy(
        """
        COPY network_movements (type, sku, condition, held_change, committed_change, cause, order_id, actor, occurred_at)
          FROM STDIN
        """,
        [_row(each, tx.actor) for each in movements],
    )


def _ensure_counters(tx: WriteTx, keys: Sequence[tuple[str, str]]) -> None:
    """Create missing counters with zero."""
    tx.execute(
        """
        INSERT INTO network_stock (sku, condition)
        SELECT * FROM unnest(%s::text[], %s::text[]) AS k(sku, condition)
         WHERE NOT EXISTS (SELECT 1 FROM network_stock n WHERE (n.sku, n.condition) = (k.sku, k.condition))
         ORDER BY 1, 2 ON CONFLICT DO NOTHING
        """,
        ([key[0] for key in keys], [key[1] for key in keys]),
    )


def _row(each: NetworkMovement, actor: str) -> tuple[object, ...]:
    held, committed = NETWORK_EFFECTS[each.type]
    return (
        each.type.value,
        each.sku,
        each.condition.value,
        held * each.quantity,
        committed * each.quantity,
        each.cause,
        each.order_id,
        actor,
        each.occurred_at,
    )


_HOLD = "h.id, h.channel, h.reference, h.line_sku, h.sku, h.condition, h.quantity, h.expires_at"
_OF_CARTS = "JOIN unnest(%s::text[], %s::text[]) AS c(channel, reference) USING (channel, reference)"


def lock_holds(tx: WriteTx, *, carts: Sequence[tuple[str, str]]) -> list[CartReservation]:
    """Lock the current holds of these carts (channel, reference)."""
    return tx.all(
        CartReservation,
        f"SELECT {_HOLD} FROM cart_reservations h {_OF_CARTS} WHERE h.state = 'held' ORDER BY h.id FOR NO KEY UPDATE OF h",
        _carts(carts),
    )


def select_holds(tx: ReadTx, *, carts: Sequence[tuple[str, str]]) -> list[CartReservation]:
    """The current holds of these carts."""
    return tx.all(
        CartReservation,
        f"SELECT {_HOLD} FROM cart_reservations h {_OF_CARTS} WHERE h.state = 'held' ORDER BY h.id",
        _carts(carts),
    )


def _carts(carts: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [cart[0] for cart in carts], [cart[1] for cart in carts]


@dataclass(frozen=True, slots=True)
class FreshHold:
    """A hold to store."""

    channel: str
    reference: str
    line_sku: str
    sku: str
    condition: str
    quantity: int
    expires_at: datetime
    created_at: datetime


def copy_holds(tx: WriteTx, rows: Sequence[FreshHold]) -> None:
    """Store new holds."""
    tx.copy(
        """
        COPY cart_reservations (channel, reference, line_sku, sku, condition, quantity, expires_at, created_at) FROM STDIN
        """,
        [
            (
                row.channel,
                row.reference,
                row.line_sku,
                row.sku,
                row.condition,
                row.quantity,
                row.expires_at,
                row.created_at,
            )
            for row in rows
        ],
    )


@dataclass(frozen=True, slots=True)
class End:
    """A hold that ends; `order_id` is the order that consumed it."""

    hold_id: int
    order_id: int | None = None


def end_holds(tx: WriteTx, ends: Sequence[End], *, state: HoldState, at: datetime) -> None:
    """End locked holds."""
    tx.execute(
        """
        UPDATE cart_reservations h SET state = %s, ended_at = %s, order_id = e.order_id
          FROM unnest(%s::bigint[], %s::bigint[]) AS e(id, order_id) WHERE h.id = e.id
        """,
        (state.value, at, [end.hold_id for end in ends], [end.order_id for end in ends]),
    )


def extend_holds(tx: WriteTx, *, carts: Sequence[tuple[str, str]], until: datetime) -> list[tuple[str, str]]:
    """Extend the end of active holds, never shorten it; returns the carts that have any."""
    rows = tx.rows(
        f"""
        WITH live AS (SELECT h.id FROM cart_reservations h {_OF_CARTS} WHERE h.state = 'held' ORDER BY h.id FOR NO KEY UPDATE OF h)
        UPDATE cart_reservations h SET expires_at = greatest(h.expires_at, %s) FROM live WHERE h.id = live.id
        RETURNING h.channel, h.reference
        """,
        (*_carts(carts), until),
    )
    return sorted({(str(row["channel"]), str(row["reference"])) for row in rows})


def keep_holds(tx: WriteTx, *, carts: Sequence[tuple[str, str]], until: datetime) -> list[tuple[str, str]]:
    """Keep these holds until then: the expiry job extends them instead of releasing them; returns the carts that have any."""
    rows = tx.rows(
        f"""
        WITH live AS (SELECT h.id FROM cart_reservations h {_OF_CARTS} WHERE h.state = 'held' ORDER BY h.id FOR NO KEY UPDATE OF h)
        UPDATE cart_reservations h SET kept_until = %s FROM live WHERE h.id = live.id RETURNING h.channel, h.reference
        """,
        (*_carts(carts), until),
    )
    return sorted({(str(row["channel"]), str(row["reference"])) for row in rows})


def extend_kept(tx: WriteTx, *, at: datetime, until: datetime) -> int:
    """Extend overdue holds that are kept, to `until` or as long as they are kept; returns how many."""
    return tx.execute(
        """
        UPDATE cart_reservations SET expires_at = least(kept_until, %(until)s)
         WHERE state = 'held' AND expires_at <= %(at)s AND kept_until > %(at)s
        """,
        {"at": at, "until": until},
    )


_EXPIRED = """
    FROM cart_reservations h
   WHERE h.state = 'held' AND h.expires_at <= %(at)s AND (h.kept_until IS NULL OR h.kept_until <= %(at)s)
"""


def lock_expired(tx: WriteTx, *, at: datetime, limit: int) -> list[CartReservation]:
    """Lock overdue holds and the stock of their SKUs; what others have locked is skipped."""
    known = {"at": at, "limit": limit}
    due = (
        f"SELECT DISTINCT d.sku FROM (SELECT h.sku {_EXPIRED} ORDER BY h.expires_at, h.id LIMIT %(limit)s) d"
    )
    locked = lock_free_skus(tx, tx.column(str, due, known))
    return tx.all(
        CartReservation,
        f"""
        SELECT {_HOLD} {_EXPIRED} AND h.sku = ANY(%(skus)s)
         ORDER BY h.expires_at, h.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
        """,
        {**known, "skus": locked},
    )


def lock_commitments(tx: WriteTx, *, order_ids: Sequence[int]) -> list[Commitment]:
    """The commitments of these orders (their rows are locked by the caller)."""
    return tx.all(
        Commitment,
        """
        SELECT order_id, line_no, sku, condition, quantity FROM stock_commitments
         WHERE order_id = ANY(%s) ORDER BY order_id, line_no, sku, condition FOR NO KEY UPDATE
        """,
        (list(order_ids),),
    )


def replace_commitments(tx: WriteTx, rows: Sequence[Commitment], *, order_ids: Sequence[int]) -> None:
    """Replace the commitments of these orders."""
    tx.execute("DELETE FROM stock_commitments WHERE order_id = ANY(%s)", (list(order_ids),))
    tx.copy(
        "COPY stock_commitments (order_id, line_no, sku, condition, quantity) FROM STDIN",
        [(row.order_id, row.line_no, row.sku, row.condition.value, row.quantity) for row in rows],
    )
