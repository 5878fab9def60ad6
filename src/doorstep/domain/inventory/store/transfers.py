"""SQL of transfers between locations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from doorstep.domain.inventory.model.transfers import (
    Plan,
    RequestedLine,
    Transfer,
    TransferLineResult,
    TransferState,
)
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku
from doorstep.kernel.keyset import NEWEST, Key, Keyset, Sorting

_TRANSFER = """
    SELECT t.id, t.origin_id, t.destination_id, t.state, t.version, t.expected_date,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', l.sku, 'requested', l.requested, 'shipped', l.shipped,
                                                         'received', l.received, 'why', l.why) ORDER BY l.sku), '[]')
              FROM transfer_lines l WHERE l.transfer_id = t.id) AS lines
      FROM transfers t
"""


def insert_transfers(tx: WriteTx, plans: Sequence[Plan], *, at: datetime) -> list[int]:
    """Store new drafts with their lines, in order."""
    ids = tx.column(
        int,
        """
        INSERT INTO transfers (origin_id, destination_id, reference, note, expected_date, created_by, created_at)
        SELECT p.origin_id, p.destination_id, p.reference, p.note, p.expected_date, %s, %s
          FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::date[]) WITH ORDINALITY
               AS p(origin_id, destination_id, reference, note, expected_date, place) ORDER BY p.place RETURNING id
        """,
        (
            tx.actor,
            at,
            [plan.origin_id for plan in plans],
            [plan.destination_id for plan in plans],
            [plan.reference for plan in plans],
            [plan.note for plan in plans],
            [plan.expected_date for plan in plans],
        ),
    )
    insert_lines(tx, [(key, line) for key, plan in zip(ids, plans, strict=True) for line in plan.lines])
    return ids


def insert_lines(tx: WriteTx, lines: Sequence[tuple[int, RequestedLine]]) -> int:
    """Add lines to drafts, by transfer; an existing SKU is unchanged. Returns how many are new."""
    return tx.execute(
        """
        INSERT INTO transfer_lines (transfer_id, sku, requested, why)
        SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[])
        ON CONFLICT (transfer_id, sku) DO NOTHING
        """,
        (
            [key for key, _ in lines],
            [line.sku for _, line in lines],
            [line.quantity for _, line in lines],
            [line.why for _, line in lines],
        ),
    )


def delete_lines(tx: WriteTx, *, transfer_id: int) -> None:
    """Delete the lines of a draft."""
    tx.execute("DELETE FROM transfer_lines WHERE transfer_id = %s", (transfer_id,))


def lock_transfers(tx: WriteTx, *, transfer_ids: Sequence[int]) -> list[Transfer]:
    """Lock transfers, by id."""
    return tx.all(
        Transfer,
        f"{_TRANSFER} WHERE t.id = ANY(%s) ORDER BY t.id FOR NO KEY UPDATE OF t",
        (list(transfer_ids),),
    )


def update_state(tx: WriteTx, *, transfer_ids: Sequence[int], state: TransferState, at: datetime) -> None:
    """Set the state and its time."""
    tx.execute(
        """
        UPDATE transfers SET state = %(state)s, version = version + 1,
               requested_at = CASE WHEN %(state)s = 'requested' THEN %(at)s ELSE requested_at END,
               shipped_at = CASE WHEN %(state)s = 'shipped' THEN %(at)s ELSE shipped_at END,
               received_at = CASE WHEN %(state)s = 'received' THEN %(at)s ELSE received_at END,
               canceled_at = CASE WHEN %(state)s = 'canceled' THEN %(at)s ELSE canceled_at END
         WHERE id = ANY(%(ids)s)
        """,
        {"state": state.value, "at": at, "ids": list(transfer_ids)},
    )


def touch(tx: WriteTx, *, transfer_id: int) -> None:
    """Increase the version without a new state."""
    tx.execute("UPDATE transfers SET version = version + 1 WHERE id = %s", (transfer_id,))


def update_shipped(tx: WriteTx, *, transfer_id: int, sent: Mapping[Sku, int]) -> None:
    """Store the shipped units."""
    tx.execute(
        """
        UPDATE transfer_lines l SET shipped = s.quantity FROM unnest(%s::text[], %s::bigint[]) AS s(sku, quantity)
         WHERE l.transfer_id = %s AND l.sku = s.sku
        """,
        (list(sent), list(sent.values()), transfer_id),
    )


def add_received(tx: WriteTx, arrivals: Sequence[TransferLineResult], *, transfer_id: int) -> None:
    """Store the received units; SKUs that are not on the transfer have no line."""
    tx.execute(
        """
        UPDATE transfer_lines l SET received = l.received + a.quantity
          FROM unnest(%s::text[], %s::bigint[]) AS a(sku, quantity) WHERE l.transfer_id = %s AND l.sku = a.sku
        """,
        ([each.sku for each in arrivals], [each.taken + each.over for each in arrivals], transfer_id),
    )


def select_movement_ids(tx: ReadTx, *, keys: Sequence[str]) -> dict[str, int]:
    """Movements by their keys."""
    rows = tx.rows("SELECT key, id FROM stock_movements WHERE key = ANY(%s)", (list(keys),))
    return {str(row["key"]): int(str(row["id"])) for row in rows}


def lock_suggested(
    tx: WriteTx, pairs: Sequence[tuple[int, int]], *, at: datetime
) -> dict[tuple[int, int], int]:
    """The draft of suggestions for each pair (origin, destination), created if there is none; locked."""
    tx.execute(
        """
        INSERT INTO transfers (origin_id, destination_id, suggested, created_by, created_at)
        SELECT p.origin_id, p.destination_id, true, %s, %s
          FROM unnest(%s::bigint[], %s::bigint[]) AS p(origin_id, destination_id) ORDER BY 3, 4
        ON CONFLICT (origin_id, destination_id) WHERE state = 'draft' AND suggested DO NOTHING
        """,
        (tx.actor, at, [pair[0] for pair in pairs], [pair[1] for pair in pairs]),
    )
    rows = tx.rows(
        """
        SELECT t.id, t.origin_id, t.destination_id
          FROM transfers t JOIN unnest(%s::bigint[], %s::bigint[]) AS p(origin_id, destination_id)
            USING (origin_id, destination_id)
         WHERE t.state = 'draft' AND t.suggested ORDER BY t.id FOR NO KEY UPDATE OF t
        """,
        ([pair[0] for pair in pairs], [pair[1] for pair in pairs]),
    )
    return {
        (int(str(row["origin_id"])), int(str(row["destination_id"]))): int(str(row["id"])) for row in rows
    }


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A transfer as lists show it."""

    id: int
    origin_id: int
    destination_id: int
    state: TransferState
    suggested: bool
    reference: str
    note: str
    expected_date: date | None
    version: int
    created_by: str
    created_at: datetime
    since_at: datetime
    skus: int
    units: int


@dataclass(frozen=True, slots=True)
class TransferFilter:
    """The filter of transfers; `location_id` is either end."""

    location_id: int | None = None
    states: tuple[TransferState, ...] = tuple(TransferState)
    page: Keyset = NEWEST


SORTING = Sorting({"id": Key(), "skus": Key(), "units": Key(), "since_at": Key("timestamptz")})
_ROW = """
    SELECT t.id, t.origin_id, t.destination_id, t.state, t.suggested, t.reference, t.note, t.expected_date, t.version,
           t.created_by, t.created_at,
           coalesce(t.canceled_at, t.received_at, t.shipped_at, t.requested_at, t.created_at) AS since_at,
           coalesce(l.skus, 0)::bigint AS skus, coalesce(l.units, 0)::bigint AS units
      FROM transfers t
      LEFT JOIN LATERAL (SELECT count(*) AS skus, sum(CASE WHEN t.shipped_at IS NULL THEN requested ELSE shipped END) AS units
                           FROM transfer_lines WHERE transfer_id = t.id) l ON true
"""


def select_rows(tx: ReadTx, wanted: TransferFilter) -> list[TransferRow]:
    """A page of transfers."""
    found = f"""
        {_ROW}
         WHERE t.state = ANY(%(states)s)
           AND (%(location)s::bigint IS NULL OR %(location)s IN (t.origin_id, t.destination_id))
    """
    states = [state.value for state in wanted.states]
    return tx.all(
        TransferRow,
        SORTING.page(found, wanted.page),
        {"states": states, "location": wanted.location_id, **wanted.page.parameters},
    )


def select_row(tx: ReadTx, *, transfer_id: int) -> TransferRow | None:
    """One transfer as lists show it."""
    return tx.one(TransferRow, f"{_ROW} WHERE t.id = %s", (transfer_id,))


def select_transfer(tx: ReadTx, *, transfer_id: int) -> Transfer | None:
    """One transfer with its lines."""
    return tx.one(Transfer, f"{_TRANSFER} WHERE t.id = %s", (transfer_id,))
