"""SQL of returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.returns.model import Inspection, RefundProgress, ReturnLocation, ReturnSnapshot
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, OrderId, ReturnId, Sku


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Units of an order line that are returned; `grade` and `disposition` are known after inspection.

    Several lines of a return may name the same order line (two reasons): `return_line_no` distinguishes them.
    """

    return_line_no: int
    line_no: int
    external_return_line_id: str
    sku: Sku
    quantity: int
    reason: str
    note: str
    received: int
    grade: str | None
    disposition: str | None
    refund: bool


@dataclass(frozen=True, slots=True)
class Return:
    """A return as stored."""

    id: ReturnId
    order_id: OrderId
    number: str
    connection_id: int
    external_id: str
    version_at: datetime
    channel_status: str
    reason: str
    location_id: LocationId | None
    custody: ReturnLocation
    money: RefundProgress
    created_at: datetime
    inspected_at: datetime | None
    lines: list[ReturnLine]

    @property
    def quantities(self) -> dict[int, int]:
        """Announced units by number of the return's line."""
        return {line.return_line_no: line.quantity for line in self.lines}

    def is_inspected_before(self, other: Return) -> bool:
        """Whether this return was inspected first; equal instants go by id."""
        mine, others = self.inspected_at, other.inspected_at
        return mine is not None and others is not None and (mine, self.id) < (others, other.id)


_RETURN = """
    SELECT r.id, r.order_id, r.number, r.connection_id, r.external_id, r.version_at, r.channel_status, r.reason,
           r.location_id, r.custody, r.money, r.created_at, r.inspected_at,
           (SELECT jsonb_agg(jsonb_build_object('return_line_no', l.return_line_no, 'line_no', l.line_no,
                   'external_return_line_id', l.external_return_line_id, 'sku', l.sku, 'quantity', l.quantity, 'reason', l.reason, 'note', l.note,
                   'received', l.received, 'grade', l.grade, 'disposition', l.disposition, 'refund', l.refund)
                   ORDER BY l.return_line_no) FROM return_lines l WHERE l.return_id = r.id) AS lines
      FROM returns r
"""


@dataclass(frozen=True, slots=True)
class FreshLine:
    """A line of a new return, matched to the order's line."""

    line_no: int
    external_return_line_id: str
    sku: Sku
    quantity: int
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new return, matched to its order."""

    order_id: OrderId
    connection_id: int
    location_id: LocationId | None
    reason: str
    seen: ReturnSnapshot
    lines: tuple[FreshLine, ...]


def insert(tx: WriteTx, fresh: Fresh, *, at: datetime) -> ReturnId | None:
    """Store a return; None if it exists already."""
    found = tx.column(
        int,
        """
        WITH fresh AS (SELECT nextval(pg_get_serial_sequence('returns', 'id')) AS id)
        INSERT INTO returns (id, order_id, number, connection_id, external_id, version_at, channel_status, reason,
                             location_id, created_at)
        OVERRIDING SYSTEM VALUE
        SELECT id, %s, coalesce(nullif(%s, ''), 'RMA-' || id), %s, %s, %s, %s, %s, %s, %s FROM fresh
        ON CONFLICT (connection_id, external_id) DO NOTHING RETURNING id
        """,
        (
            fresh.order_id,
            fresh.seen.name,
            fresh.connection_id,
            fresh.seen.external_id,
            fresh.seen.version_at,
            fresh.seen.status.value,
            fresh.reason,
            fresh.location_id,
            at,
        ),
    )
    if not found:
        return None
    tx.copy(
        """
        COPY return_lines (return_id, return_line_no, order_id, line_no, external_return_line_id, sku, quantity, reason, note)
        FROM STDIN
        """,
        [
            (
                found[0],
                number,
                fresh.order_id,
                line.line_no,
                line.external_return_line_id,
                line.sku,
                line.quantity,
                line.reason,
                line.note,
            )
            for number, line in enumerate(fresh.lines, start=1)
        ],
    )
    return ReturnId(found[0])


def select(tx: ReadTx, *, return_id: int) -> Return | None:
    """One return."""
    return tx.one(Return, f"{_RETURN} WHERE r.id = %s", (return_id,))


def lock(tx: WriteTx, *, return_id: int) -> Return | None:
    """One return, locked (the order's row is locked before)."""
    return tx.one(Return, f"{_RETURN} WHERE r.id = %s FOR NO KEY UPDATE OF r", (return_id,))


def lock_by_external(tx: WriteTx, *, connection_id: int, external_id: str) -> Return | None:
    """A channel's return, locked."""
    return tx.one(
        Return,
        f"{_RETURN} WHERE r.connection_id = %s AND r.external_id = %s FOR NO KEY UPDATE OF r",
        (connection_id, external_id),
    )


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Return]:
    """An order's returns, oldest first."""
    return tx.all(Return, f"{_RETURN} WHERE r.order_id = %s ORDER BY r.id", (order_id,))


def count_expected_at(tx: ReadTx, *, location_id: int) -> int:
    """How many returns are on their way to a location or wait there for inspection."""
    return tx.value(
        int,
        """
        SELECT count(*) FROM returns
         WHERE location_id = %s AND custody IN ('advised', 'in_transit', 'arrived', 'received')
        """,
        (location_id,),
    )


def update_seen(tx: WriteTx, *, return_id: int, seen: ReturnSnapshot) -> None:
    """Apply a newer snapshot."""
    tx.execute(
        "UPDATE returns SET channel_status = %s, version_at = %s WHERE id = %s",
        (seen.status.value, seen.version_at, return_id),
    )


def update_custody(tx: WriteTx, *, return_id: int, custody: ReturnLocation, at: datetime) -> None:
    """Set where the goods are."""
    tx.execute(
        """
        UPDATE returns SET custody = %(custody)s,
               received_at = CASE WHEN %(custody)s = 'received' THEN %(at)s ELSE received_at END,
               inspected_at = CASE WHEN %(custody)s = 'inspected' THEN %(at)s ELSE inspected_at END
         WHERE id = %(id)s
        """,
        {"custody": custody.value, "at": at, "id": return_id},
    )


def update_money(tx: WriteTx, *, return_id: int, money: RefundProgress, at: datetime) -> None:
    """Set the state of the refund."""
    tx.execute(
        "UPDATE returns SET money = %s, refunded_at = CASE WHEN %s = 'refunded' THEN %s ELSE refunded_at END WHERE id = %s",
        (money.value, money.value, at, return_id),
    )


def update_location(tx: WriteTx, *, return_id: int, location_id: int) -> None:
    """Set the receiving location."""
    tx.execute("UPDATE returns SET location_id = %s WHERE id = %s", (location_id, return_id))


def update_received(tx: WriteTx, *, return_id: int) -> None:
    """Count everything announced as received (missing units are recorded at inspection)."""
    tx.execute("UPDATE return_lines SET received = quantity WHERE return_id = %s", (return_id,))


def update_inspected(tx: WriteTx, *, return_id: int, inspections: Sequence[Inspection]) -> None:
    """Store the findings."""
    for each in inspections:
        tx.execute(
            """
            UPDATE return_lines SET received = %s, grade = %s, disposition = %s, refund = %s, inspection_note = %s
             WHERE return_id = %s AND return_line_no = %s
            """,
            (
                each.quantity,
                each.grade.value,
                each.disposition.value,
                each.refund,
                each.note,
                return_id,
                each.return_line_no,
            ),
        )
