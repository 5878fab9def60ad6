"""SQL that writes orders: snapshots and line counters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from doorstep.domain.orders.model import Address, LineCount, OrderSnapshot, SnapshotLine
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.transactions import Kind


@dataclass(frozen=True, slots=True)
class NewHeader:
    """A new order, without its lines and addresses."""

    id: int
    connection_id: int
    trace_id: str
    snapshot: OrderSnapshot
    accepted_at: datetime
    approved_at: datetime | None
    promised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """A stored order, locked."""

    id: int
    connection_id: int
    external_id: str
    version_at: datetime
    is_paid: bool
    approved_at: datetime | None
    canceled_at: datetime | None
    channel_canceled_at: datetime | None
    allocated: int


def lock_known(
    tx: WriteTx, *, keys: Sequence[tuple[int, str]], also: Sequence[int] = ()
) -> list[LockedOrder]:
    """Lock those of these (connection, external id) that exist, and `also` these, in order of their ids."""
    ids = select_ids(tx, keys=keys)
    lock_all(tx, order_ids=[*ids, *also])
    if not ids:
        return []
    return tx.all(
        LockedOrder,
        """
        SELECT id, connection_id, external_id, version_at, is_paid, approved_at, canceled_at, channel_canceled_at,
               (SELECT coalesce(sum(l.allocated), 0) FROM order_lines l WHERE l.order_id = orders.id)::bigint AS allocated
          FROM orders WHERE id = ANY(%s) ORDER BY id
        """,
        (ids,),
    )


def select_ids(tx: ReadTx, *, keys: Sequence[tuple[int, str]]) -> list[int]:
    """The ids of these (connection, external id): one index look-up per key, whatever the planner would rather do."""
    wanted = sorted(set(keys))
    return tx.column(
        int,
        """
        SELECT o.id FROM unnest(%s::bigint[], %s::text[]) AS k(connection_id, external_id) CROSS JOIN LATERAL (
               SELECT id FROM orders WHERE (connection_id, external_id) = (k.connection_id, k.external_id) OFFSET 0) o
        """,
        ([key[0] for key in wanted], [key[1] for key in wanted]),
    )


def lock_all(tx: WriteTx, *, order_ids: Sequence[int]) -> dict[int, str]:
    """Lock these orders in order of their ids; returns the trace each arrived with. Those that are held cost nothing."""
    fresh = tx.locks.missing(Kind.ORDER, order_ids)
    if not fresh:
        return {}
    statement = "SELECT id, trace_id FROM orders WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    found = {int(str(row["id"])): str(row["trace_id"]) for row in tx.rows(statement, (fresh,))}
    tx.locks.add(Kind.ORDER, found)
    return found


def next_ids(tx: WriteTx, count: int) -> list[int]:
    """New order ids, which nobody else can lock before this transaction ends."""
    ids = tx.column(int, "SELECT nextval('orders_id_seq') FROM generate_series(1, %s)", (count,))
    tx.locks.add(Kind.ORDER, ids)
    return ids


class AlreadyStored(errors.Conflict):
    """Another process stored the same order first; the batch is retried."""


def copy_headers(tx: WriteTx, rows: Iterable[NewHeader]) -> None:
    """Write new orders. Raises Overtaken if another process was faster."""
    try:
        _copy_headers(tx, rows)
    except psycopg.errors.UniqueViolation as problem:
        raise AlreadyStored("Another process is storing the same order.") from problem


def _copy_headers(tx: WriteTx, rows: Iterable[NewHeader]) -> None:
    tx.copy(
        """
        COPY orders (id, connection_id, trace_id, accepted_at, approved_at, external_id, number, version_at, placed_at,
                     currency, total_minor, shipping_minor, tax_minor, tip_minor, tax_included, payment_gateway,
                     payment_method, is_paid, on_delivery, customer_external_id, shipping_method, source, note, tags,
                     channel_canceled_at, priority, promised_at, ship_after, channel_ship_by, origin, pickup, handling) FROM STDIN
        """,
        (_header_values(row, row.snapshot) for row in rows),
    )


def _header_values(row: NewHeader, reported: OrderSnapshot) -> tuple[object, ...]:
    return (
        row.id, row.connection_id, row.trace_id, row.accepted_at, row.approved_at, reported.external_id, reported.number,
        reported.version_at, reported.placed_at, reported.currency, reported.total_minor, reported.shipping_minor,
        reported.tax_minor, reported.tip_minor, reported.tax_included, reported.payment.gateway, reported.payment.method,
        reported.payment.is_paid, reported.payment.on_delivery, reported.customer_external_id, reported.shipping_method,
        reported.source, reported.note, list(reported.tags), reported.canceled_at, reported.priority,
        reported.promised_at or row.promised_at, reported.ship_after, reported.ship_by, reported.origin, reported.pickup,
        reported.handling.value,
    )  # fmt: skip


def correct_sku(tx: WriteTx, *, order_ids: Sequence[int], wrong: str, sku: str) -> None:
    """Replace a SKU that does not exist; nothing can be allocated for it."""
    tx.execute(
        "UPDATE order_lines SET sku = %s WHERE order_id = ANY(%s) AND sku = %s AND allocated = 0",
        (sku, list(order_ids), wrong),
    )


def copy_lines(
    tx: WriteTx,
    orders: Sequence[tuple[OrderId, Sequence[SnapshotLine]]],
    *,
    allocated: Mapping[tuple[OrderId, int], int],
) -> None:
    """Write the lines of (order id, lines); `allocated` has the allocated units per (order id, line number)."""
    tx.copy(
        """
        COPY order_lines (order_id, line_no, external_line_id, sku, title, quantity, unit_price_minor, discount_minor,
                          tax_minor, requires_shipping, allocated) FROM STDIN
        """,
        (
            (
                order_id, number, line.external_line_id, line.sku, line.title, line.quantity, line.unit_price_minor,
                line.discount_minor, line.tax_minor, line.requires_shipping, allocated.get((order_id, number), 0),
            )
            for order_id, lines in orders
            for number, line in enumerate(lines, start=1)
        ),
    )  # fmt: skip


_ADDRESS = "name, phone, email, company, line1, line2, city, state, state_code, postal_code, country, latitude, longitude"


def copy_addresses(tx: WriteTx, rows: Iterable[tuple[int, str, Address]]) -> None:
    """Write (order id, kind, address) rows."""
    tx.copy(
        f"COPY order_addresses (order_id, kind, {_ADDRESS}) FROM STDIN",
        ((order_id, kind, *_address_values(address)) for order_id, kind, address in rows),
    )


def _address_values(address: Address) -> tuple[object, ...]:
    return (
        address.name,
        address.phone,
        address.email,
        address.company,
        address.line1,
        address.line2,
        address.city,
        address.state,
        address.state_code,
        address.postal_code,
        address.country,
        address.latitude,
        address.longitude,
    )


def replace_address(tx: WriteTx, *, order_id: int, kind: str, address: Address) -> None:
    """Replace one address."""
    tx.execute("DELETE FROM order_addresses WHERE order_id = %s AND kind = %s", (order_id, kind))
    copy_addresses(tx, [(order_id, kind, address)])


def update_header(tx: WriteTx, *, order_id: int, reported: OrderSnapshot) -> None:
    """Apply a newer snapshot; what was paid stays paid, and what we took over stays ours."""
    tx.execute(
        """
        UPDATE orders SET version_at = %s, total_minor = %s, shipping_minor = %s, tax_minor = %s, tip_minor = %s,
               currency = %s, tax_included = %s, payment_gateway = %s, payment_method = %s, is_paid = is_paid OR %s,
               on_delivery = %s, shipping_method = %s, note = %s, tags = %s, priority = %s,
               promised_at = coalesce(%s, promised_at), ship_after = %s, channel_ship_by = %s, origin = %s,
               pickup = %s, channel_canceled_at = coalesce(channel_canceled_at, %s),
               handling = CASE WHEN handling = 'waiting' THEN %s ELSE handling END
         WHERE id = %s
        """,
        (
            reported.version_at, reported.total_minor, reported.shipping_minor, reported.tax_minor, reported.tip_minor, reported.currency,
            reported.tax_included, reported.payment.gateway, reported.payment.method, reported.payment.is_paid, reported.payment.on_delivery,
            reported.shipping_method, reported.note, list(reported.tags), reported.priority, reported.promised_at, reported.ship_after, reported.ship_by, reported.origin,
            reported.pickup, reported.canceled_at, reported.handling.value, order_id,
        ),
    )  # fmt: skip


def delete_lines(tx: WriteTx, *, order_id: int) -> bool:
    """Delete the lines of an order; False, with nothing deleted, if work (even rejected) refers to them."""
    try:
        with tx.savepoint():
            tx.execute("DELETE FROM order_lines WHERE order_id = %s", (order_id,))
    except psycopg.errors.ForeignKeyViolation:
        return False
    return True


def lock_free(tx: WriteTx, *, order_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Lock those of these orders that are free and have no hold, by id; returns (id, trace)."""
    rows = tx.rows(
        """
        SELECT id, trace_id FROM orders o WHERE id = ANY(%s) AND canceled_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = o.id AND h.released_at IS NULL)
         ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        """,
        (list(order_ids),),
    )
    found = [(int(str(row["id"])), str(row["trace_id"])) for row in rows]
    tx.locks.add(Kind.ORDER, [order_id for order_id, _ in found])
    return found


def mark_approved(tx: WriteTx, *, order_ids: Sequence[int], at: datetime) -> None:
    """Mark as approved."""
    tx.execute("UPDATE orders SET approved_at = %s WHERE id = ANY(%s)", (at, list(order_ids)))


def mark_canceled(tx: WriteTx, *, order_id: int, at: datetime) -> None:
    """Mark as canceled."""
    tx.execute("UPDATE orders SET canceled_at = %s WHERE id = %s", (at, order_id))


def mark_completed(tx: WriteTx, *, order_ids: Sequence[int], at: datetime) -> list[int]:
    """Complete orders whose wanted units are all delivered; returns them."""
    return tx.column(
        int,
        """
        UPDATE orders o SET completed_at = %s
         WHERE o.id = ANY(%s) AND o.completed_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id
                             AND l.delivered < l.quantity - l.canceled AND l.requires_shipping)
           AND EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.delivered > 0)
        RETURNING id
        """,
        (at, list(order_ids)),
    )


_COUNTERS = frozenset(
    {"allocated", "picked", "packed", "shipped", "delivered", "canceled", "return_requested", "returned"}
)


def add_counts(tx: WriteTx, *, counters: Sequence[str], counts: Sequence[LineCount], sign: int = 1) -> int:
    """Move counters of lines by so many units. Raises Conflict where the CHECK on the table refuses."""
    if not counters or not set(counters) <= _COUNTERS:
        raise ValueError(f"no such counters: {counters}")
    setters = ", ".join(f"{name} = l.{name} + {'-' if sign < 0 else ''}c.quantity" for name in counters)
    statement = f"""
        UPDATE order_lines l SET {setters}
          FROM (SELECT order_id, line_no, sum(quantity)::bigint AS quantity
                  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS u(order_id, line_no, quantity)
                 GROUP BY order_id, line_no) c
         WHERE (l.order_id, l.line_no) = (c.order_id, c.line_no)
        """
    columns = (
        [count.order_id for count in counts],
        [count.line_no for count in counts],
        [count.quantity for count in counts],
    )
    try:
        return tx.execute(statement, columns)
    except psycopg.errors.CheckViolation as problem:
        raise errors.Conflict(
            f"The order does not have so many units to count as {' and '.join(each.replace('_', ' ') for each in counters)}. "
            "Reload it and try again."
        ) from problem
