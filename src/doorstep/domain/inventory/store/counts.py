"""SQL of counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.counts import (
    Count,
    CountedSku,
    CountKind,
    CountLine,
    CountState,
    NewCount,
)
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import CountId, LocationId, Sku
from doorstep.kernel.keyset import NEWEST, Key, Keyset, Sorting

_COUNT = """
    SELECT c.id, c.location_id, c.kind, c.state, c.title, c.version, c.counted_by,
           (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'count_id' ORDER BY l.sku, l.condition), '[]')
              FROM count_lines l WHERE l.count_id = c.id) AS lines
      FROM counts c
"""


def insert_counts(tx: WriteTx, new: Sequence[NewCount], *, at: datetime) -> list[int]:
    """Store new counts, in order, without lines."""
    return tx.column(
        int,
        """
        INSERT INTO counts (location_id, kind, title, opened_by, opened_at)
        SELECT n.location_id, n.kind, n.title, %s, %s
          FROM unnest(%s::bigint[], %s::text[], %s::text[]) WITH ORDINALITY AS n(location_id, kind, title, place)
         ORDER BY n.place RETURNING id
        """,
        (
            tx.actor,
            at,
            [new.location_id for new in new],
            [new.kind.value for new in new],
            [new.title for new in new],
        ),
    )


def insert_ledger_lines(tx: WriteTx, *, count_id: int, location_id: int, category: str) -> int:
    """Add lines for all stock of the ledger at a location (in a category); returns how many."""
    return tx.execute(
        """
        INSERT INTO count_lines (count_id, sku, condition)
        SELECT %(count)s, s.sku, s.condition FROM stock s JOIN skus k USING (sku)
         WHERE s.location_id = %(location)s AND s.on_hand > 0 AND s.condition <> 'in_transit'
           AND (%(category)s = '' OR k.category = %(category)s)
        """,
        {"count": count_id, "location": location_id, "category": category},
    )


def insert_lines(tx: WriteTx, lines: Sequence[tuple[int, str, Condition]]) -> None:
    """Add lines to count: (count, SKU, condition); existing ones stay."""
    tx.execute(
        """
        INSERT INTO count_lines (count_id, sku, condition)
        SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING
        """,
        ([line[0] for line in lines], [line[1] for line in lines], [line[2].value for line in lines]),
    )


@dataclass(frozen=True, slots=True)
class Directed:
    """A directed count that was opened."""

    id: CountId
    location_id: LocationId
    directed_sku: Sku


def insert_directed(
    tx: WriteTx, misses: Sequence[tuple[int, str]], *, title: str, at: datetime
) -> list[Directed]:
    """Open directed counts for these (location, SKU) where none is open; returns the new ones."""
    return tx.all(
        Directed,
        """
        INSERT INTO counts (location_id, kind, title, directed_sku, opened_by, opened_at)
        SELECT DISTINCT m.location_id, 'directed', %s, m.sku, %s, %s::timestamptz
          FROM unnest(%s::bigint[], %s::text[]) AS m(location_id, sku) ORDER BY m.location_id, m.sku
        ON CONFLICT (location_id, directed_sku) WHERE state IN ('open', 'counted') DO NOTHING
        RETURNING id, location_id, directed_sku
        """,
        (title, tx.actor, at, [miss[0] for miss in misses], [miss[1] for miss in misses]),
    )


def lock_count(tx: WriteTx, *, count_id: int) -> Count | None:
    """Lock one count and read it."""
    return tx.one(Count, f"{_COUNT} WHERE c.id = %s FOR NO KEY UPDATE OF c", (count_id,))


def select_count(tx: ReadTx, *, count_id: int) -> Count | None:
    """One count with its lines."""
    return tx.one(Count, f"{_COUNT} WHERE c.id = %s", (count_id,))


def write_found(tx: WriteTx, found: Sequence[CountedSku], *, count_id: int, adds: bool, at: datetime) -> None:
    """Units found, as the line's quantity or added to it (never below 0); a SKU without a line gets one."""
    tx.execute(
        """
        INSERT INTO count_lines AS l (count_id, sku, condition, counted, counted_at)
        SELECT %(count)s, f.sku, f.condition, greatest(0, sum(f.quantity)), %(at)s::timestamptz
          FROM unnest(%(skus)s::text[], %(conditions)s::text[], %(quantities)s::bigint[]) AS f(sku, condition, quantity)
         GROUP BY f.sku, f.condition
        ON CONFLICT (count_id, sku, condition) DO UPDATE SET counted_at = excluded.counted_at,
           counted = CASE WHEN %(adds)s THEN greatest(0, coalesce(l.counted, 0) + excluded.counted)
                          ELSE excluded.counted END
        """,
        {
            "count": count_id,
            "at": at,
            "skus": [each.sku for each in found],
            "conditions": [each.condition.value for each in found],
            "quantities": [each.quantity for each in found],
            "adds": adds,
        },
    )


def reduce_found(tx: WriteTx, found: Sequence[CountedSku], *, count_id: int, at: datetime) -> None:
    """Subtract units that were scanned too often."""
    tx.execute(
        """
        UPDATE count_lines l SET counted = greatest(0, coalesce(l.counted, 0) + f.quantity), counted_at = %s
          FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS f(sku, condition, quantity)
         WHERE l.count_id = %s AND (l.sku, l.condition) = (f.sku, f.condition)
        """,
        (
            at,
            [each.sku for each in found],
            [each.condition.value for each in found],
            [each.quantity for each in found],
            count_id,
        ),
    )


def fill_with_none(tx: WriteTx, *, count_id: int, at: datetime) -> None:
    """Lines without a count have no units."""
    tx.execute(
        "UPDATE count_lines SET counted = 0, counted_at = %s WHERE count_id = %s AND counted IS NULL",
        (at, count_id),
    )


def write_expected(tx: WriteTx, lines: Sequence[CountLine], *, count_id: int) -> None:
    """Set the system quantity at the time when each line was counted."""
    tx.execute(
        """
        UPDATE count_lines l SET expected = e.expected
          FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS e(sku, condition, expected)
         WHERE l.count_id = %s AND (l.sku, l.condition) = (e.sku, e.condition)
        """,
        (
            [line.sku for line in lines],
            [line.condition.value for line in lines],
            [line.expected for line in lines],
            count_id,
        ),
    )


def write_outcomes(tx: WriteTx, lines: Sequence[CountLine], *, count_id: int) -> None:
    """Set the result of each line."""
    tx.execute(
        """
        UPDATE count_lines l SET expected = o.expected, changed = o.changed, missing = o.missing, outcome = o.outcome
          FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
               AS o(sku, condition, expected, changed, missing, outcome)
         WHERE l.count_id = %s AND (l.sku, l.condition) = (o.sku, o.condition)
        """,
        (
            [line.sku for line in lines],
            [line.condition.value for line in lines],
            [line.expected for line in lines],
            [line.changed for line in lines],
            [line.missing for line in lines],
            [line.outcome for line in lines],
            count_id,
        ),
    )


def clear_variances(tx: WriteTx, *, count_id: int) -> None:
    """Lines with a variance are counted again; the others stay counted."""
    tx.execute(
        """
        UPDATE count_lines SET counted = NULL, counted_at = NULL, expected = NULL
         WHERE count_id = %s AND counted IS DISTINCT FROM expected
        """,
        (count_id,),
    )


def update_state(tx: WriteTx, *, count_id: int, state: CountState, at: datetime) -> None:
    """Set the state, its user and time."""
    tx.execute(
        """
        UPDATE counts SET state = %(state)s, version = version + 1,
               counted_by = CASE WHEN %(state)s = 'counted' THEN %(actor)s ELSE counted_by END,
               counted_at = CASE WHEN %(state)s = 'counted' THEN %(at)s ELSE counted_at END,
               approved_by = CASE WHEN %(state)s = 'approved' THEN %(actor)s ELSE approved_by END,
               approved_at = CASE WHEN %(state)s = 'approved' THEN %(at)s ELSE approved_at END
         WHERE id = %(id)s
        """,
        {"state": state.value, "actor": tx.actor, "at": at, "id": count_id},
    )


@dataclass(frozen=True, slots=True)
class CountRow:
    """A count as lists show it."""

    id: int
    location_id: int
    kind: CountKind
    state: CountState
    title: str
    directed_sku: str | None
    version: int
    opened_by: str
    opened_at: datetime
    counted_by: str
    counted_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    lines: int
    counted: int
    off: int


@dataclass(frozen=True, slots=True)
class CountFilter:
    """The filter of counts."""

    location_id: int | None = None
    states: tuple[CountState, ...] = tuple(CountState)
    page: Keyset = NEWEST


SORTING = Sorting(
    {"id": Key(), "counted": Key(), "lines": Key(), "off": Key(), "opened_at": Key("timestamptz")}
)
_ROW = """
    SELECT c.id, c.location_id, c.kind, c.state, c.title, c.directed_sku, c.version, c.opened_by, c.opened_at,
           c.counted_by, c.counted_at, c.approved_by, c.approved_at, l.lines, l.counted, l.off
      FROM counts c
      JOIN LATERAL (SELECT count(*) AS lines, count(counted) AS counted,
                           count(*) FILTER (WHERE counted <> expected) AS off
                      FROM count_lines WHERE count_id = c.id) l ON true
"""


def select_rows(tx: ReadTx, wanted: CountFilter) -> list[CountRow]:
    """A page of counts."""
    found = f"""
        {_ROW}
         WHERE c.state = ANY(%(states)s) AND (%(location)s::bigint IS NULL OR c.location_id = %(location)s)
    """
    states = [state.value for state in wanted.states]
    return tx.all(
        CountRow,
        SORTING.page(found, wanted.page),
        {"states": states, "location": wanted.location_id, **wanted.page.parameters},
    )


def select_row(tx: ReadTx, *, count_id: int) -> CountRow | None:
    """One count as lists show it."""
    return tx.one(CountRow, f"{_ROW} WHERE c.id = %s", (count_id,))


def select_titles(tx: ReadTx, *, skus: Sequence[str]) -> dict[str, str]:
    """The titles of SKUs."""
    rows = tx.rows("SELECT sku, title FROM skus WHERE sku = ANY(%s)", (list(skus),))
    return {str(row["sku"]): str(row["title"]) for row in rows}


def select_scanned(tx: ReadTx, *, codes: Sequence[str]) -> dict[str, Sku]:
    """Map scanned codes (SKUs or barcodes) to SKUs; a SKU takes precedence over another one's barcode."""
    rows = tx.rows(
        """
        SELECT DISTINCT ON (c.code) c.code, k.sku FROM unnest(%s::text[]) AS c(code)
          JOIN skus k ON k.sku = c.code OR (k.barcode = c.code AND k.barcode <> '')
         ORDER BY c.code, (k.sku = c.code) DESC, k.sku
        """,
        (list(codes),),
    )
    return {str(row["code"]): Sku(str(row["sku"])) for row in rows}
