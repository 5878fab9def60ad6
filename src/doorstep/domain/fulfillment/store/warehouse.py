"""SQL of fulfillment orders at warehouses of partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.fulfillment.model.warehouse import WarehouseOrder, WarehouseState
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId

_ORDER = """
    fulfillment_order_id, order_id, connection_id, warehouse, reference, external_ref, state, reported, reported_at,
    cancel_for, cancel_reason, error
"""


@dataclass(frozen=True, slots=True)
class UnsentWork:
    """Open work at a location that no warehouse has been asked for."""

    id: FulfillmentOrderId
    order_id: OrderId
    location_id: LocationId


def select_unsent(tx: ReadTx, *, location_ids: Sequence[int], limit: int) -> list[UnsentWork]:
    """Open fulfillment orders of orders without holds at these locations that are at no warehouse yet."""
    return tx.all(
        UnsentWork,
        """
        SELECT f.id, f.order_id, f.location_id FROM fulfillment_orders f
         WHERE f.location_id = ANY(%s) AND f.state = 'open'
           AND NOT EXISTS (SELECT FROM warehouse_orders w WHERE w.fulfillment_order_id = f.id)
           AND NOT EXISTS (SELECT FROM order_holds h WHERE h.order_id = f.order_id AND h.released_at IS NULL)
         ORDER BY f.id LIMIT %s
        """,
        (list(location_ids), limit),
    )


def insert(tx: WriteTx, *, order: WarehouseOrder, at: datetime) -> bool:
    """Store that a warehouse is to be asked; false if it is stored already."""
    inserted = tx.execute(
        """
        INSERT INTO warehouse_orders (fulfillment_order_id, order_id, connection_id, warehouse, reference, state, requested_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        (
            order.fulfillment_order_id,
            order.order_id,
            order.connection_id,
            order.warehouse,
            order.reference,
            order.state.value,
            at,
        ),
    )
    return bool(inserted)


def select(tx: ReadTx, *, fulfillment_order_ids: Sequence[int]) -> list[WarehouseOrder]:
    """These fulfillment orders, as far as they are at a warehouse."""
    return tx.all(
        WarehouseOrder,
        f"SELECT {_ORDER} FROM warehouse_orders WHERE fulfillment_order_id = ANY(%s) ORDER BY fulfillment_order_id",
        (list(fulfillment_order_ids),),
    )


def select_of_order(tx: ReadTx, *, order_id: int) -> list[WarehouseOrder]:
    """What warehouses have of an order."""
    return tx.all(
        WarehouseOrder,
        f"SELECT {_ORDER} FROM warehouse_orders WHERE order_id = %s ORDER BY fulfillment_order_id",
        (order_id,),
    )


def select_by_reference(tx: ReadTx, *, connection_id: int, reference: str) -> WarehouseOrder | None:
    """What a warehouse has under a reference of ours."""
    return tx.one(
        WarehouseOrder,
        f"SELECT {_ORDER} FROM warehouse_orders WHERE connection_id = %s AND reference = %s",
        (connection_id, reference),
    )


def update_state(tx: WriteTx, *, fulfillment_order_id: int, state: WarehouseState, error: str = "") -> None:
    """Set the state."""
    tx.execute(
        "UPDATE warehouse_orders SET state = %s, error = %s WHERE fulfillment_order_id = %s",
        (state.value, error, fulfillment_order_id),
    )


def update_sent(tx: WriteTx, *, fulfillment_order_id: int, external_ref: str, at: datetime) -> None:
    """The warehouse has it under this reference of its own."""
    tx.execute(
        "UPDATE warehouse_orders SET external_ref = %s, sent_at = %s WHERE fulfillment_order_id = %s",
        (external_ref, at, fulfillment_order_id),
    )


def update_reported(tx: WriteTx, *, fulfillment_order_id: int, reported: str, at: datetime) -> bool:
    """Store the newest report; false if a newer one is known."""
    updated = tx.execute(
        """
        UPDATE warehouse_orders SET reported = %(reported)s, reported_at = %(at)s
         WHERE fulfillment_order_id = %(id)s AND (reported_at IS NULL OR reported_at <= %(at)s)
        """,
        {"reported": reported, "at": at, "id": fulfillment_order_id},
    )
    return bool(updated)


def update_cancel(tx: WriteTx, *, fulfillment_order_id: int, cancel_for: str, reason: str) -> None:
    """Store why the warehouse is asked to stop."""
    tx.execute(
        "UPDATE warehouse_orders SET cancel_for = %s, cancel_reason = %s WHERE fulfillment_order_id = %s",
        (cancel_for, reason, fulfillment_order_id),
    )


def insert_part(tx: WriteTx, *, fulfillment_order_id: int, units: Mapping[int, int]) -> int:
    """Take units out of a fulfillment order into a new one of the same kind; returns its id."""
    part_id = tx.value(
        int,
        """
        INSERT INTO fulfillment_orders (order_id, location_id, decision_id, created_at, state, release_after, released_at,
                                        leaves_at, arrives_at, held_back, accepted_at, picked_at)
        SELECT order_id, location_id, decision_id, created_at, state, release_after, released_at, leaves_at, arrives_at,
               held_back, accepted_at, picked_at FROM fulfillment_orders WHERE id = %s RETURNING id
        """,
        (fulfillment_order_id,),
    )
    given = {
        "work": fulfillment_order_id,
        "part": part_id,
        "lines": list(units),
        "units": list(units.values()),
    }
    tx.execute(
        """
        INSERT INTO fulfillment_lines (fulfillment_order_id, order_id, line_no, sku, quantity)
        SELECT %(part)s, l.order_id, l.line_no, l.sku, n.quantity FROM fulfillment_lines l
          JOIN unnest(%(lines)s::bigint[], %(units)s::bigint[]) AS n (line_no, quantity) USING (line_no)
         WHERE l.fulfillment_order_id = %(work)s
        """,
        given,
    )
    tx.execute(
        """
        DELETE FROM fulfillment_lines l USING unnest(%(lines)s::bigint[], %(units)s::bigint[]) AS n (line_no, quantity)
         WHERE l.fulfillment_order_id = %(work)s AND l.line_no = n.line_no AND l.quantity = n.quantity
        """,
        given,
    )
    tx.execute(
        """
        UPDATE fulfillment_lines l SET quantity = l.quantity - n.quantity
          FROM unnest(%(lines)s::bigint[], %(units)s::bigint[]) AS n (line_no, quantity)
         WHERE l.fulfillment_order_id = %(work)s AND l.line_no = n.line_no AND l.quantity > n.quantity
        """,
        given,
    )
    tx.execute("UPDATE fulfillment_orders SET version = version + 1 WHERE id = %s", (fulfillment_order_id,))
    return part_id
