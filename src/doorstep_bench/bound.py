"""The reference: the rows of an order (itself, lines, address, payment, reservation, fulfillment order and lines, events)
written by a bare program with COPY and one UPDATE, 200 orders per transaction, without checks or decisions.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg.types.json import Jsonb

from doorstep.domain.orders.actions import Incoming
from doorstep_bench.workload import NOW

_ORDERS = """COPY orders (id, connection_id, external_id, number, version_at, placed_at, accepted_at, currency, total_minor,
    shipping_minor, tax_minor, tip_minor, tax_included, payment_gateway, payment_method, is_paid, on_delivery,
    customer_external_id, shipping_method, source, note, tags, approved_at, trace_id) FROM STDIN"""
_LINES = """COPY order_lines (order_id, line_no, external_line_id, sku, title, quantity, unit_price_minor, discount_minor,
    tax_minor, requires_shipping, allocated) FROM STDIN"""
_ADDRESSES = """COPY order_addresses (order_id, kind, name, phone, email, company, line1, line2, city, state, state_code,
    postal_code, country, latitude, longitude) FROM STDIN"""
_PAYMENTS = "COPY payments (order_id, gateway, order_reference, status, method, amount_minor, currency, at) FROM STDIN"
_WORK = "COPY fulfillment_orders (id, order_id, location_id, created_at) FROM STDIN"
_WORK_LINES = "COPY fulfillment_lines (fulfillment_order_id, order_id, line_no, sku, quantity) FROM STDIN"
_EVENTS = "COPY events (stream, stream_id, version, type, data, actor, trace_id, occurred_at) FROM STDIN"
_RESERVE = """
    WITH want AS (SELECT sku, sum(quantity)::bigint AS quantity FROM unnest(%s::text[], %s::bigint[]) AS w(sku, quantity)
                   GROUP BY sku),
         locked AS (SELECT s.sku FROM stock s JOIN want USING (sku)
                     WHERE s.location_id = %s AND s.condition = 'new' ORDER BY s.sku FOR NO KEY UPDATE OF s)
    UPDATE stock s SET reserved = s.reserved + want.quantity FROM want JOIN locked USING (sku)
     WHERE s.sku = want.sku AND s.location_id = %s AND s.condition = 'new'
"""


def write(connection: psycopg.Connection, batch: Sequence[Incoming], *, location_id: int) -> None:
    """Write a batch in one transaction, all from one location."""
    with connection.transaction(), connection.cursor() as cursor:
        ids = [
            row[0]
            for row in cursor.execute(
                "SELECT nextval('orders_id_seq') FROM generate_series(1, %s)", (len(batch),)
            )
        ]
        work = [
            row[0]
            for row in cursor.execute(
                "SELECT nextval('fulfillment_orders_id_seq') FROM generate_series(1, %s)", (len(batch),)
            )
        ]
        rows = list(zip(ids, work, (each.snapshot for each in batch), batch, strict=True))
        lines = [
            (order_id, work_id, number, line)
            for order_id, work_id, order, _ in rows
            for number, line in enumerate(order.lines, 1)
        ]
        _copy(cursor, _ORDERS, [_order(order_id, each) for order_id, _, _, each in rows])
        _copy(
            cursor,
            _LINES,
            [
                (
                    o,
                    n,
                    x.external_line_id,
                    x.sku,
                    x.title,
                    x.quantity,
                    x.unit_price_minor,
                    0,
                    0,
                    True,
                    x.quantity,
                )
                for o, _, n, x in lines
            ],
        )
        _copy(cursor, _ADDRESSES, [_address(order_id, each) for order_id, _, _, each in rows])
        _copy(
            cursor,
            _PAYMENTS,
            [
                (o, "razorpay", x.external_id, "captured", "upi", x.total_minor, "INR", NOW)
                for o, _, x, _ in rows
            ],
        )
        cursor.execute(
            _RESERVE, ([x.sku for *_, x in lines], [x.quantity for *_, x in lines], location_id, location_id)
        )
        _copy(cursor, _WORK, [(work_id, order_id, location_id, NOW) for order_id, work_id, *_ in rows])
        _copy(cursor, _WORK_LINES, [(w, o, n, x.sku, x.quantity) for o, w, n, x in lines])
        _copy(cursor, _EVENTS, [event for order_id, _, _, each in rows for event in _events(order_id, each)])


def _copy(cursor: psycopg.Cursor, statement: str, rows: Sequence[Sequence[object]]) -> None:
    with cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _order(order_id: int, each: Incoming) -> tuple[object, ...]:
    order = each.snapshot
    return (
        order_id, each.connection_id, order.external_id, order.number, NOW, NOW, NOW, "INR", order.total_minor, 0, 0, 0,
        True, "razorpay", "upi", True, False, "", "", "", "", [], NOW, each.trace_id,
    )  # fmt: skip


def _address(order_id: int, each: Incoming) -> tuple[object, ...]:
    address = each.snapshot.shipping_address
    if address is None:
        raise ValueError("the workload's orders have addresses")
    return (
        order_id, "shipping", address.name, address.phone, address.email, "", address.line1, "", address.city,
        address.state, address.state_code, address.postal_code, address.country, address.latitude, address.longitude,
    )  # fmt: skip


def _events(order_id: int, each: Incoming) -> list[tuple[object, ...]]:
    types = ("order.placed", "order.approved", "order.allocated")
    return [
        ("order", order_id, version, type_, Jsonb({"order_id": order_id}), "bench", each.trace_id, NOW)
        for version, type_ in enumerate(types, 1)
    ]
