"""Grow the database: copy its orders under other numbers, with set-based SQL."""

from __future__ import annotations

import psycopg

from doorstep_bench import meter
from doorstep_bench.scratch import Scratch

_STEP = 100_000
# Tables that an order fills, in the order of their references, each with the columns that carry its numbers.
_NUMBERED = {
    "orders": {"id": "orders"},
    "order_lines": {"order_id": "orders"},
    "order_addresses": {"order_id": "orders"},
    "payments": {"id": "payments", "order_id": "orders"},
    "routing_decisions": {"id": "routing_decisions", "order_id": "orders"},
    "fulfillment_orders": {
        "id": "fulfillment_orders",
        "order_id": "orders",
        "decision_id": "routing_decisions",
    },
    "fulfillment_lines": {"fulfillment_order_id": "fulfillment_orders", "order_id": "orders"},
    "stock_movements": {"id": "stock_movements", "order_id": "orders"},
    "events": {"position": "events", "stream_id": "orders"},
}
_TEXTS = {"orders": {"external_id", "number"}, "payments": {"order_reference"}}


def fill(scratch: Scratch, orders: int) -> None:
    """Grow to `orders` orders. References are valid by construction and not checked row by row."""
    with psycopg.connect(scratch.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        while (there := _count(connection)) < orders:
            copied = min(there, orders - there, _STEP)
            meter.say(f"history: {there:,} of {orders:,} orders")
            _copy(connection, copied)
        connection.execute("SET synchronous_commit = on")
        for table in _NUMBERED:
            connection.execute(f"VACUUM (ANALYZE) {table}")
        connection.execute("CHECKPOINT")


def finish(scratch: Scratch, *, but: int) -> None:
    """Deliver and complete all orders but the newest `but`, as in an installation that has worked for long."""
    with psycopg.connect(scratch.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        last = connection.execute(
            "SELECT id FROM orders ORDER BY id DESC OFFSET %s LIMIT 1", (but,)
        ).fetchone()
        for statement in _FINISHED:
            connection.execute(statement, last)
        for table in ("orders", "order_lines", "fulfillment_orders"):
            connection.execute(f"VACUUM (ANALYZE) {table}")


_FINISHED = (
    "UPDATE orders SET completed_at = accepted_at WHERE id <= %s",
    "UPDATE order_lines SET picked = quantity, packed = quantity, shipped = quantity, delivered = quantity WHERE order_id <= %s",
    "UPDATE fulfillment_orders SET state = 'shipped', shipped_at = created_at WHERE order_id <= %s",
)


def _count(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM orders").fetchone()
    return int(row[0]) if row else 0


def _copy(connection: psycopg.Connection, count: int) -> None:
    """Copy the newest `count` orders with all their rows."""
    with connection.transaction():
        connection.execute(
            "CREATE TEMPORARY TABLE again ON COMMIT DROP AS SELECT id FROM orders ORDER BY id DESC LIMIT %s",
            (count,),
        )
        connection.execute("ANALYZE again")
        shifts = {
            table: _shift(connection, table)
            for table in (
                "orders",
                "payments",
                "routing_decisions",
                "fulfillment_orders",
                "stock_movements",
                "events",
            )
        }
        for table, numbers in _NUMBERED.items():
            _copy_table(connection, table, {column: shifts[origin] for column, origin in numbers.items()})


def _shift(connection: psycopg.Connection, table: str) -> int:
    """The offset for new ids, so that none is in use; the sequence is advanced."""
    key = "position" if table == "events" else "id"
    row = connection.execute(f"SELECT max({key}) - min({key}) + 1, max({key}) FROM {table}").fetchone()
    span, last = (int(value) for value in row or (1, 1))
    connection.execute("SELECT setval(%s, %s)", (f"{table}_{key}_seq", last + span))
    return span


def _copy_table(connection: psycopg.Connection, table: str, shifts: dict[str, int]) -> None:
    columns = [
        str(row[0])
        for row in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            (table,),
        )
    ]
    values = [_value(table, column, shifts) for column in columns]
    owner = "order_id"
    if table == "orders":
        owner = "id"
    elif table == "events":
        owner = "stream_id"
    where = " AND t.stream = 'order'" if table == "events" else ""
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"
        f" SELECT {', '.join(values)} FROM {table} t JOIN again ON again.id = t.{owner}{where}"
    )


def _value(table: str, column: str, shifts: dict[str, int]) -> str:
    if column in shifts:
        return f"t.{column} + {shifts[column]}"
    if column in _TEXTS.get(table, set()):
        return f"t.{column} || '.' || {shifts.get('id', 0)}"
    if (table, column) == ("events", "id"):
        return "gen_random_uuid()"
    if (table, column) == ("events", "txid"):
        return "pg_current_xact_id()"
    if (table, column) == ("stock_movements", "cause"):
        return "'history'"
    if (table, column) == ("stock_movements", "reverses"):
        return "NULL"
    return f"t.{column}"
