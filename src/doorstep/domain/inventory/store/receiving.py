"""SQL of goods receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model.receiving import Delivery, DocumentKind, ReceiptLine
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import NEWEST, Key, Keyset, Sorting


def insert_receipt(tx: WriteTx, delivery: Delivery, *, at: datetime) -> int | None:
    """Store a new goods receipt; None if this key was used before (waits for a transaction that is using it)."""
    found = tx.column(
        int,
        """
        INSERT INTO receipts (location_id, kind, transfer_id, reference, note, closes, key, actor, received_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING id
        """,
        (
            delivery.location_id,
            delivery.kind.value,
            delivery.transfer_id,
            delivery.reference,
            delivery.note,
            delivery.closes,
            delivery.key,
            tx.actor,
            at,
        ),
    )
    return found[0] if found else None


def insert_lines(tx: WriteTx, lines: Sequence[ReceiptLine], *, receipt_id: int) -> None:
    """Store the received units, compared with the expected ones."""
    tx.execute(
        """
        INSERT INTO receipt_lines (receipt_id, sku, condition, expected, received, reason)
        SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[])
        """,
        (
            receipt_id,
            [line.sku for line in lines],
            [line.condition.value for line in lines],
            [line.expected for line in lines],
            [line.received for line in lines],
            [line.reason for line in lines],
        ),
    )


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A goods receipt as lists show it."""

    id: int
    location_id: int
    kind: DocumentKind
    transfer_id: int | None
    reference: str
    note: str
    closes: bool
    actor: str
    received_at: datetime
    skus: int
    units: int
    off: int


@dataclass(frozen=True, slots=True)
class ReceiptFilter:
    """The filter of goods receipts."""

    location_id: int | None = None
    page: Keyset = NEWEST


SORTING = Sorting(
    {"id": Key(), "skus": Key(), "units": Key(), "off": Key(), "received_at": Key("timestamptz")}
)
_ROW = """
    SELECT r.id, r.location_id, r.kind, r.transfer_id, r.reference, r.note, r.closes, r.actor, r.received_at,
           l.skus, l.units::bigint AS units, l.off
      FROM receipts r
      JOIN LATERAL (SELECT count(*) AS skus, coalesce(sum(received), 0) AS units,
                           count(*) FILTER (WHERE expected <> received) AS off
                      FROM receipt_lines WHERE receipt_id = r.id) l ON true
"""


def select_rows(tx: ReadTx, wanted: ReceiptFilter) -> list[ReceiptRow]:
    """A page of goods receipts."""
    found = f"{_ROW} WHERE (%(location)s::bigint IS NULL OR r.location_id = %(location)s)"
    return tx.all(
        ReceiptRow,
        SORTING.page(found, wanted.page),
        {"location": wanted.location_id, **wanted.page.parameters},
    )


def select_row(tx: ReadTx, *, receipt_id: int) -> ReceiptRow | None:
    """One goods receipt as lists show it."""
    return tx.one(ReceiptRow, f"{_ROW} WHERE r.id = %s", (receipt_id,))


def select_by_key(tx: ReadTx, *, key: str) -> int:
    """The goods receipt with this key."""
    return tx.value(int, "SELECT id FROM receipts WHERE key = %s", (key,))


def select_lines(tx: ReadTx, *, receipt_id: int) -> list[ReceiptLine]:
    """The lines of a goods receipt, by SKU."""
    return tx.all(
        ReceiptLine,
        """
        SELECT sku, condition, expected, received, reason FROM receipt_lines
         WHERE receipt_id = %s ORDER BY sku, condition
        """,
        (receipt_id,),
    )
