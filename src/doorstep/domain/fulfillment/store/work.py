"""SQL of fulfillment orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.fulfillment.model import Assignment, State, Work
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId


@dataclass(frozen=True, slots=True)
class Released:
    """A fulfillment order that was released."""

    fulfillment_order_id: int
    order_id: int
    location_id: int


def next_ids(tx: WriteTx, count: int) -> list[int]:
    """New fulfillment order ids."""
    return tx.column(int, "SELECT nextval('fulfillment_orders_id_seq') FROM generate_series(1, %s)", (count,))


def copy_work(
    tx: WriteTx, rows: Sequence[tuple[int, Assignment]], *, decisions: Mapping[int, int], at: datetime
) -> None:
    """Write new fulfillment orders and their lines."""
    tx.copy(
        """
        COPY fulfillment_orders (id, order_id, location_id, decision_id, created_at, state, release_after, released_at,
                                 leaves_at, arrives_at, held_back) FROM STDIN
        """,
        [
            (
                work_id,
                each.order_id,
                each.location_id,
                decisions.get(each.order_id),
                at,
                "planned" if each.planned else "open",
                each.release_after,
                None if each.planned else at,
                each.leaves_at,
                each.arrives_at,
                each.held_back,
            )
            for work_id, each in rows
        ],
    )  # fmt: skip
    tx.copy(
        "COPY fulfillment_lines (fulfillment_order_id, order_id, line_no, sku, quantity) FROM STDIN",
        [
            (work_id, each.order_id, line.line_no, line.sku, line.quantity)
            for work_id, each in rows
            for line in each.lines
        ],
    )


_WORK = """
    SELECT f.id, f.order_id, f.location_id, f.state, f.version, f.recall_requested_at IS NOT NULL AS recall_requested,
           f.decision_id, f.release_after,
           (SELECT jsonb_agg(jsonb_build_object('line_no', l.line_no, 'sku', l.sku, 'quantity', l.quantity,
                                                'picked', l.picked, 'packed', l.packed) ORDER BY l.line_no)
              FROM fulfillment_lines l WHERE l.fulfillment_order_id = f.id) AS lines
      FROM fulfillment_orders f
"""


def select_order_id(tx: ReadTx, *, fulfillment_order_id: int) -> list[int]:
    """The order that a fulfillment order belongs to."""
    return tx.column(int, "SELECT order_id FROM fulfillment_orders WHERE id = %s", (fulfillment_order_id,))


def lock_work(tx: WriteTx, *, fulfillment_order_id: int) -> Work | None:
    """Lock one fulfillment order (the order's row is locked before)."""
    return tx.one(Work, f"{_WORK} WHERE f.id = %s FOR NO KEY UPDATE OF f", (fulfillment_order_id,))


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Work]:
    """All fulfillment orders of an order, by id."""
    return tx.all(Work, f"{_WORK} WHERE f.order_id = %s ORDER BY f.id", (order_id,))


def unhold(tx: WriteTx, *, order_ids: Sequence[int]) -> int:
    """Planned work of these orders no longer waits for the rest."""
    return tx.execute(
        "UPDATE fulfillment_orders SET held_back = false WHERE order_id = ANY(%s) AND held_back AND state = 'planned'",
        (list(order_ids),),
    )


def lock_planned(tx: WriteTx, *, order_ids: Sequence[int]) -> list[Work]:
    """Planned work of these orders, locked, by id."""
    return tx.all(
        Work,
        f"{_WORK} WHERE f.order_id = ANY(%s) AND f.state = 'planned' ORDER BY f.id FOR NO KEY UPDATE OF f",
        (list(order_ids),),
    )


def select_planned(tx: ReadTx, *, limit: int) -> list[Work]:
    """Planned work of orders without holds that is not held back, earliest ship-by first."""
    return tx.all(
        Work,
        f"""
        {_WORK} JOIN orders o ON o.id = f.order_id JOIN locations p ON p.id = f.location_id
         WHERE f.state = 'planned' AND NOT f.held_back
           AND NOT EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = f.order_id AND h.released_at IS NULL)
         ORDER BY ship_by(f.leaves_at, f.created_at, p.cut_off, p.timezone, o.channel_ship_by), f.id LIMIT %s
        """,
        (limit,),
    )


def count_at(tx: ReadTx, *, location_id: int) -> dict[str, int]:
    """How many fulfillment orders a location has in each state that is not an end."""
    rows = tx.rows(
        """
        SELECT state, count(*) AS n FROM fulfillment_orders
         WHERE location_id = %s AND state IN ('planned', 'open', 'accepted', 'picked', 'packed') GROUP BY state
        """,
        (location_id,),
    )
    return {str(row["state"]): int(str(row["n"])) for row in rows}


def select_planned_at(tx: ReadTx, *, location_ids: Sequence[int]) -> list[int]:
    """Orders with planned work there, by id."""
    return tx.column(
        int,
        """
        SELECT DISTINCT order_id FROM fulfillment_orders WHERE location_id = ANY(%s) AND state = 'planned'
         ORDER BY order_id
        """,
        (list(location_ids),),
    )


def cancel(tx: WriteTx, *, work_ids: Sequence[int]) -> None:
    """Cancel work that is not started."""
    tx.execute(
        "UPDATE fulfillment_orders SET state = 'canceled', version = version + 1 WHERE id = ANY(%s)",
        (list(work_ids),),
    )


def select_work(tx: ReadTx, *, fulfillment_order_id: int) -> Work | None:
    """One fulfillment order."""
    return tx.one(Work, f"{_WORK} WHERE f.id = %s", (fulfillment_order_id,))


def update_state(tx: WriteTx, *, fulfillment_order_id: int, state: State, at: datetime) -> None:
    """Set a state, with its time."""
    tx.execute(
        """
        UPDATE fulfillment_orders SET state = %(state)s, version = version + 1,
               accepted_at = CASE WHEN %(state)s = 'accepted' THEN %(at)s ELSE accepted_at END,
               picked_at = CASE WHEN %(state)s = 'picked' THEN %(at)s ELSE picked_at END,
               packed_at = CASE WHEN %(state)s = 'packed' THEN %(at)s ELSE packed_at END,
               shipped_at = CASE WHEN %(state)s = 'shipped' THEN %(at)s ELSE shipped_at END
         WHERE id = %(id)s
        """,
        {"state": state.value, "at": at, "id": fulfillment_order_id},
    )


def release(tx: WriteTx, *, work_ids: Sequence[int], at: datetime) -> list[Released]:
    """Release planned work; returns what was still planned, by location and id."""
    return tx.all(
        Released,
        """
        WITH released AS (
            UPDATE fulfillment_orders SET state = 'open', version = version + 1, released_at = %s
             WHERE id = ANY(%s) AND state = 'planned' RETURNING id, order_id, location_id)
        SELECT r.id AS fulfillment_order_id, r.order_id, r.location_id FROM released r ORDER BY r.location_id, r.id
        """,
        (at, list(work_ids)),
    )


def request_recall(tx: WriteTx, *, fulfillment_order_id: int, by: str, why: str, at: datetime) -> None:
    """Request a recall."""
    tx.execute(
        """
        UPDATE fulfillment_orders SET recall_requested_at = %s, recall_requested_by = %s, recall_reason = %s, version = version + 1
         WHERE id = %s
        """,
        (at, by, why, fulfillment_order_id),
    )


def decline_recall(tx: WriteTx, *, fulfillment_order_id: int) -> None:
    """Decline a recall."""
    tx.execute(
        "UPDATE fulfillment_orders SET recall_requested_at = NULL, version = version + 1 WHERE id = %s",
        (fulfillment_order_id,),
    )


def update_rejection(tx: WriteTx, *, fulfillment_order_id: int, reason: str, note: str) -> None:
    """Store the reason of a reject."""
    tx.execute(
        "UPDATE fulfillment_orders SET reject_reason = %s, reject_note = %s WHERE id = %s",
        (reason, note, fulfillment_order_id),
    )


def add_picked(tx: WriteTx, *, fulfillment_order_id: int, line_no: int, quantity: int) -> None:
    """Count picked units of a line."""
    tx.execute(
        "UPDATE fulfillment_lines SET picked = picked + %s WHERE fulfillment_order_id = %s AND line_no = %s",
        (quantity, fulfillment_order_id, line_no),
    )


def pack_all(tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId) -> None:
    """Count everything picked as packed."""
    tx.execute(
        "UPDATE fulfillment_lines SET packed = picked WHERE fulfillment_order_id = %s",
        (fulfillment_order_id,),
    )


def upsert_unaccepted(tx: WriteTx, *, stages: Mapping[int, str], at: datetime) -> set[int]:
    """Store the escalation stage of unaccepted work; returns the work for which it is new."""
    found = tx.column(
        int,
        """
        INSERT INTO unaccepted_work (fulfillment_order_id, stage, at)
        SELECT work_id, stage, %s FROM unnest(%s::bigint[], %s::text[]) AS given (work_id, stage) ORDER BY work_id
        ON CONFLICT (fulfillment_order_id) DO UPDATE SET stage = excluded.stage, at = excluded.at
         WHERE unaccepted_work.stage = 'warned' AND excluded.stage = 'escalated'
        RETURNING fulfillment_order_id
        """,
        (at, list(stages), list(stages.values())),
    )
    return set(found)
