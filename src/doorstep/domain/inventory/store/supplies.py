"""SQL of future supply. Callers that change it hold the lock of its SKU (the stock rows)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from doorstep.domain.inventory.model.supplies import Announcement, Supply
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Key, Keyset, Sorting

_COLUMNS: LiteralString = """id, kind, number, line_no, sku, location_id, quantity, received, eta_date, confidence, state,
    source, version"""


def select_by_keys(tx: ReadTx, *, keys: Sequence[tuple[str, str, int]]) -> list[Supply]:
    """Lines of documents."""
    return tx.all(
        Supply,
        f"""
        SELECT {_COLUMNS} FROM supplies
         WHERE (kind, number, line_no) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]))
        """,
        ([key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]),
    )


def select_by_ids(tx: ReadTx, *, supply_ids: Sequence[int]) -> list[Supply]:
    """These lines."""
    statement: LiteralString = f"SELECT {_COLUMNS} FROM supplies WHERE id = ANY(%s) ORDER BY id"
    return tx.all(Supply, statement, (list(supply_ids),))


def lock(tx: WriteTx, *, supply_ids: Sequence[int]) -> list[Supply]:
    """Lock and read these lines, in key order."""
    statement: LiteralString = (
        f"SELECT {_COLUMNS} FROM supplies WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    )
    return tx.all(Supply, statement, (list(supply_ids),))


def lock_open(tx: WriteTx, *, skus: Sequence[str]) -> list[Supply]:
    """Lock and read all open lines of these SKUs, in key order."""
    return tx.all(
        Supply,
        f"SELECT {_COLUMNS} FROM supplies WHERE sku = ANY(%s) AND state = 'open' ORDER BY id FOR NO KEY UPDATE",
        (list(skus),),
    )


def insert_new(tx: WriteTx, reported: Sequence[Announcement], *, at: datetime) -> list[Supply]:
    """Store lines that do not exist yet; lines stored by another transaction meanwhile are unchanged."""
    return tx.all(
        Supply,
        f"""
        INSERT INTO supplies (kind, number, line_no, sku, location_id, quantity, eta_date, confidence, source, changed_at)
        SELECT t.*, %s FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[],
                                   %s::date[], %s::bigint[], %s::text[]) AS t
        ON CONFLICT (kind, number, line_no) DO NOTHING RETURNING {_COLUMNS}
        """,
        (
            at,
            [each.kind.value for each in reported],
            [each.number for each in reported],
            [each.line_no for each in reported],
            [each.sku for each in reported],
            [each.location_id for each in reported],
            [each.quantity for each in reported],
            [each.eta_date for each in reported],
            [each.confidence for each in reported],
            [each.source for each in reported],
        ),
    )


def update(tx: WriteTx, supplies: Sequence[Supply], *, at: datetime) -> None:
    """Store the next version of lines."""
    tx.execute(
        """
        UPDATE supplies s SET quantity = n.quantity, received = n.received, eta_date = n.eta_date,
               confidence = n.confidence, state = n.state, version = s.version + 1, changed_at = %s
          FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::text[])
               AS n(id, quantity, received, eta_date, confidence, state)
         WHERE s.id = n.id
        """,
        (
            at,
            [each.id for each in supplies],
            [each.quantity for each in supplies],
            [each.received for each in supplies],
            [each.eta_date for each in supplies],
            [each.confidence for each in supplies],
            [each.state.value for each in supplies],
        ),
    )


SORTING = Sorting(
    {"eta_date": Key("date"), "number": Key("text"), "sku": Key("text"), "expected": Key(), "promised": Key()}
)
SOONEST = Keyset(sort="eta_date", is_ascending=True)


@dataclass(frozen=True, slots=True)
class SupplyFilter:
    """The filter of lines; `state` empty: all."""

    text: str = ""
    state: str = "open"
    location_id: int | None = None
    sku: str = ""
    kind: str = ""
    number: str = ""
    page: Keyset = SOONEST


@dataclass(frozen=True, slots=True)
class SupplyRow:
    """A line of the list of future supply."""

    id: int
    kind: str
    number: str
    line_no: int
    sku: str
    title: str
    location_id: int
    location: str
    quantity: int
    received: int
    promised: int
    eta_date: date
    confidence: int
    state: str
    source: str
    expected: int
    version: int


def select_rows(tx: ReadTx, wanted: SupplyFilter) -> list[SupplyRow]:
    """A page of lines."""
    found = """
        SELECT s.id, s.kind, s.number, s.line_no, s.sku, k.title, s.location_id, l.name AS location, s.quantity,
               s.received, coalesce(p.promised, 0)::bigint AS promised, s.eta_date, s.confidence, s.state, s.source,
               CASE WHEN s.state = 'open' THEN greatest(0, s.quantity - s.received) ELSE 0 END AS expected, s.version
          FROM supplies s JOIN skus k USING (sku) JOIN locations l ON l.id = s.location_id
          LEFT JOIN LATERAL (SELECT sum(quantity - arrived) AS promised FROM supply_promises
                              WHERE supply_id = s.id AND state = 'open') p ON true
         WHERE (%(state)s = '' OR s.state = %(state)s)
           AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
           AND (%(sku)s = '' OR s.sku = %(sku)s)
           AND (%(number)s = '' OR (s.kind, s.number) = (%(kind)s, %(number)s))
           AND (%(text)s = '' OR s.number ILIKE %(like)s OR s.sku ILIKE %(like)s OR k.title ILIKE %(like)s)
    """
    return tx.all(
        SupplyRow,
        SORTING.page(found, wanted.page),
        {
            "state": wanted.state,
            "location": wanted.location_id,
            "sku": wanted.sku,
            "kind": wanted.kind,
            "number": wanted.number,
            "text": wanted.text,
            "like": f"%{wanted.text}%",
            **wanted.page.parameters,
        },
    )
