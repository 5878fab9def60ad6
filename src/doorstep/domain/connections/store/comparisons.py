"""SQL of comparisons: what a connection in shadow mode would have sent, beside what others did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from psycopg.types.json import Jsonb

from doorstep.domain.connections.model.comparison import Fact, Operation, Result
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Key, Keyset, Sorting
from doorstep.kernel.message import Message


@dataclass(frozen=True, slots=True)
class Deed:
    """What is compared: a call that was kept (`delivery_id`), or a part of one; or what only others did.

    `reference` names it within its operation, as our reference, a SKU, or the partner's id.
    """

    connection_id: int
    operation: Operation
    reference: str
    delivery_id: int | None
    order_id: int | None
    occurred_at: datetime
    ours: dict[Fact, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A deed with both sides, as they were compared last; `ended` says what became of the call (sent, discarded)."""

    id: int
    connection_id: int
    operation: Operation
    reference: str
    delivery_id: int | None
    order_id: int | None
    occurred_at: datetime
    result: Result
    reason: Message
    ours: dict[Fact, str]
    theirs: dict[Fact, str]
    differs: list[Fact]
    compared_at: datetime
    ended: str

    @property
    def deed(self) -> Deed:
        return Deed(
            self.connection_id,
            self.operation,
            self.reference,
            self.delivery_id,
            self.order_id,
            self.occurred_at,
            self.ours,
        )


_COMPARISON = """id, connection_id, operation, reference, delivery_id, order_id, occurred_at, result, reason, ours, theirs, differs,
    compared_at, ended"""
SORTING = Sorting({"occurred_at": Key("timestamptz")})
NEWEST = Keyset(sort="occurred_at")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a deed compares now, and when it is compared next."""

    deed: Deed
    result: Result
    reason: Message
    theirs: dict[Fact, str]
    differs: tuple[Fact, ...]
    due_at: datetime | None


def upsert(tx: WriteTx, outcome: Outcome, *, at: datetime) -> None:
    """Store how a deed compares; one whose call has ended stays as it was."""
    deed = outcome.deed
    tx.execute(
        """
        INSERT INTO shadow_comparisons AS c (connection_id, operation, reference, delivery_id, order_id, occurred_at, ours,
                                             result, reason, theirs, differs, due_at, compared_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (connection_id, operation, reference) DO UPDATE SET
            delivery_id = coalesce(excluded.delivery_id, c.delivery_id), ours = excluded.ours, result = excluded.result,
            reason = excluded.reason, theirs = excluded.theirs, differs = excluded.differs, due_at = excluded.due_at,
            compared_at = excluded.compared_at
         WHERE c.ended = ''
        """,
        (
            deed.connection_id,
            deed.operation.value,
            deed.reference,
            deed.delivery_id,
            deed.order_id,
            deed.occurred_at,
            Jsonb(deed.ours),
            outcome.result.value,
            Jsonb(outcome.reason),
            Jsonb(outcome.theirs),
            list(outcome.differs),
            outcome.due_at,
            at,
        ),
    )


def insert(tx: WriteTx, deeds: Sequence[Deed], *, reason: Message, at: datetime) -> None:
    """Store deeds that are to be compared now; one that was sent and kept again is compared anew."""
    tx.execute(
        """
        INSERT INTO shadow_comparisons AS c (connection_id, operation, reference, delivery_id, order_id, occurred_at, ours,
                                             result, reason, due_at, compared_at)
        SELECT d.connection_id, d.operation, d.reference, d.delivery_id, d.order_id, d.occurred_at, d.ours::jsonb,
               'open', %(reason)s, %(at)s, %(at)s
          FROM unnest(%(connections)s::bigint[], %(operations)s::text[], %(references)s::text[], %(deliveries)s::bigint[],
                      %(orders)s::bigint[], %(times)s::timestamptz[], %(ours)s::text[])
               AS d (connection_id, operation, reference, delivery_id, order_id, occurred_at, ours)
        ON CONFLICT (connection_id, operation, reference) DO UPDATE SET delivery_id = excluded.delivery_id, ended = '',
            ours = excluded.ours, occurred_at = excluded.occurred_at, due_at = excluded.due_at
        """,
        {
            "connections": [each.connection_id for each in deeds],
            "operations": [each.operation.value for each in deeds],
            "references": [each.reference for each in deeds],
            "deliveries": [each.delivery_id for each in deeds],
            "orders": [each.order_id for each in deeds],
            "times": [each.occurred_at for each in deeds],
            "ours": [msgspec.json.encode(each.ours).decode() for each in deeds],
            "reason": Jsonb(reason),
            "at": at,
        },
    )


def select_uncompared(tx: ReadTx, *, connection_key: str, limit: int) -> list[int]:
    """Calls that a connection has kept and that are not compared yet: ids of deliveries."""
    return tx.column(
        int,
        """
        SELECT d.id FROM deliveries d WHERE d.state = 4 AND d.shadowed_connection = %s AND NOT EXISTS (
               SELECT FROM shadow_comparisons c WHERE c.delivery_id = d.id AND c.ended = '')
         ORDER BY d.id LIMIT %s
        """,
        (connection_key, limit),
    )


def select_due(tx: ReadTx, *, now: datetime, limit: int) -> list[Comparison]:
    """Comparisons of kept calls that are due, up to so many of each connection, those that have waited longest first."""
    return tx.all(
        Comparison,
        f"""
        SELECT {_COMPARISON} FROM (
            SELECT c.*, row_number() OVER (PARTITION BY connection_id ORDER BY due_at, id) AS turn
              FROM shadow_comparisons c WHERE due_at <= %s AND ended = '') due
         WHERE turn <= %s ORDER BY due_at, id
        """,
        (now, limit),
    )


def select_of_orders(tx: ReadTx, *, order_ids: Sequence[int]) -> list[Comparison]:
    """The comparisons of orders, in the order in which their calls came."""
    return tx.all(
        Comparison,
        f"SELECT {_COMPARISON} FROM shadow_comparisons WHERE order_id = ANY(%s) ORDER BY occurred_at, id",
        (list(order_ids),),
    )


def delete(tx: WriteTx, *, ids: Sequence[int]) -> None:
    """Remove comparisons of what only others did and we have done meanwhile, too."""
    tx.execute("DELETE FROM shadow_comparisons WHERE id = ANY(%s) AND delivery_id IS NULL", (list(ids),))


def update_ended(tx: WriteTx, *, delivery_ids: Sequence[int], ended: str) -> None:
    """Their calls were sent or discarded: they are not compared any more."""
    tx.execute(
        "UPDATE shadow_comparisons SET ended = %s, due_at = NULL WHERE delivery_id = ANY(%s) AND ended = ''",
        (ended, list(delivery_ids)),
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which comparisons to list; what is empty does not matter."""

    connection_id: int
    operation: str = ""
    result: str = ""
    day: date | None = None


_FOUND = f"""
    SELECT {_COMPARISON} FROM shadow_comparisons
     WHERE connection_id = %(connection)s AND (%(operation)s = '' OR operation = %(operation)s)
       AND (%(result)s = '' OR result = %(result)s)
       AND (%(day)s::date IS NULL OR (occurred_at AT TIME ZONE 'UTC')::date = %(day)s)
"""


def select_page(tx: ReadTx, *, wanted: Filter, page: Keyset) -> list[Comparison]:
    """A page of the comparisons of a connection."""
    filters = {
        "connection": wanted.connection_id,
        "operation": wanted.operation,
        "result": wanted.result,
        "day": wanted.day,
    }
    return tx.all(Comparison, SORTING.page(_FOUND, page), {**filters, **page.parameters})


def select_one(tx: ReadTx, *, connection_id: int, comparison_id: int) -> Comparison | None:
    """One comparison of a connection."""
    return tx.one(
        Comparison,
        f"SELECT {_COMPARISON} FROM shadow_comparisons WHERE connection_id = %s AND id = %s",
        (connection_id, comparison_id),
    )


@dataclass(frozen=True, slots=True)
class Total:
    """How many calls of an operation and a day (in UTC) compare in a way; `kept`: not sent and not discarded yet."""

    operation: Operation
    day: date
    result: Result
    count: int
    kept: int


def select_totals(tx: ReadTx, *, connection_id: int) -> list[Total]:
    """Totals by operation, day and result, newest day first."""
    return tx.all(
        Total,
        """
        SELECT operation, (occurred_at AT TIME ZONE 'UTC')::date AS day, result, count(*) AS count,
               count(*) FILTER (WHERE ended = '' AND delivery_id IS NOT NULL) AS kept
          FROM shadow_comparisons WHERE connection_id = %s
         GROUP BY operation, day, result ORDER BY day DESC, operation, result
        """,
        (connection_id,),
    )


@dataclass(frozen=True, slots=True)
class CallResult:
    """The results of all parts of a kept call: one, except of stock levels."""

    delivery_id: int
    operation: Operation
    results: list[Result]


def select_call_results(tx: ReadTx, *, connection_id: int) -> list[CallResult]:
    """How the kept calls of a connection compare."""
    return tx.all(
        CallResult,
        """
        SELECT delivery_id, min(operation) AS operation, array_agg(DISTINCT result) AS results FROM shadow_comparisons
         WHERE connection_id = %s AND ended = '' AND delivery_id IS NOT NULL GROUP BY delivery_id ORDER BY delivery_id
        """,
        (connection_id,),
    )
