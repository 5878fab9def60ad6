"""SQL of the returns page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from doorstep.domain.analytics.model import ReturnStage
from doorstep.domain.returns.model import RefundProgress, ReturnLocation
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Key, Keyset, Sorting, by_money

_STAGES: dict[ReturnStage, LiteralString] = {
    ReturnStage.ARRIVING: "t.custody IN ('advised', 'in_transit', 'arrived') AND t.money <> 'in_doubt'",
    ReturnStage.TO_INSPECT: "t.custody = 'received' AND t.money <> 'in_doubt'",
    ReturnStage.IN_DOUBT: "(t.money = 'in_doubt' OR EXISTS (SELECT 1 FROM refunds r WHERE r.return_id = t.id AND r.state = 'failed'))",
    ReturnStage.DONE: "t.custody IN ('inspected', 'not_returned') AND t.money <> 'in_doubt'",
}


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """A row of the returns page."""

    id: int
    number: str
    order_id: int
    order_number: str
    customer: str
    reason: str
    location: str
    location_id: int | None
    custody: ReturnLocation
    money: RefundProgress
    units: int
    items: str
    tracking_number: str
    tracking_status: str
    refund_minor: int | None
    refund_state: str
    currency: str
    refund_key: str
    created_at: datetime
    received_at: datetime | None


_REFUNDED: LiteralString = "(SELECT r.amount_minor FROM refunds r WHERE r.return_id = t.id)"
_ROW: LiteralString = f"""
    SELECT t.id, t.number, t.order_id, o.number AS order_number, coalesce(a.name, '') AS customer, t.reason,
           coalesce(l.name, '') AS location, t.location_id, t.custody, t.money, lines.units, lines.items,
           coalesce(b.tracking_number, '') AS tracking_number, coalesce(p.tracking_status, '') AS tracking_status,
           {_REFUNDED} AS refund_minor,
           coalesce((SELECT r.state FROM refunds r WHERE r.return_id = t.id), '') AS refund_state, o.currency, {by_money("o.currency", _REFUNDED)} AS refund_key,
           t.created_at,
           t.received_at
      FROM returns t
      JOIN orders o ON o.id = t.order_id
      LEFT JOIN locations l ON l.id = t.location_id
      LEFT JOIN order_addresses a ON a.order_id = o.id AND a.kind = 'shipping'
      LEFT JOIN shipments s ON s.return_id = t.id
      LEFT JOIN parcels p ON p.id = s.parcel_id
      LEFT JOIN label_purchases b ON b.parcel_id = p.id AND b.state <> 'voided'
      CROSS JOIN LATERAL (
           SELECT coalesce(sum(r.quantity), 0)::bigint AS units,
                  coalesce(string_agg(r.quantity || ' × ' || r.sku, ', ' ORDER BY r.return_line_no), '') AS items
             FROM return_lines r WHERE r.return_id = t.id) lines
"""
_HERE: LiteralString = "(%(location)s::bigint IS NULL OR t.location_id = %(location)s)"


SORTING = Sorting(
    {
        "id": Key(),
        "order_number": Key("text"),
        "customer": Key("text"),
        "location": Key("text"),
        "refund_key": Key("text"),
        "created_at": Key("timestamptz"),
    }
)


def select_stage(tx: ReadTx, stage: ReturnStage, *, location_id: int | None, page: Keyset) -> list[ReturnRow]:
    """Select a page of the returns of one stage."""
    found = f"{_ROW} WHERE {_STAGES[stage]} AND {_HERE}"
    return tx.all(ReturnRow, SORTING.page(found, page), {"location": location_id, **page.parameters})


def count_stage(tx: ReadTx, stage: ReturnStage, *, location_id: int | None) -> int:
    """Count the returns of a stage, up to 1000."""
    return tx.value(
        int,
        f"SELECT count(*) FROM (SELECT 1 FROM returns t WHERE {_STAGES[stage]} AND {_HERE} LIMIT 1000) seen",
        {"location": location_id},
    )


def select_order_id(tx: ReadTx, *, return_id: int) -> list[int]:
    """Select the order of a return."""
    return tx.column(int, "SELECT order_id FROM returns WHERE id = %s", (return_id,))
