"""SQL of imports: rows are loaded by COPY, checked in chunks, and deleted when they are applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from doorstep.domain.inventory.model.imports import Column, Import, ImportRow, NewImport
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Key, Keyset, Sorting

_COLUMNS = """id, kind, state, whole, source, as_of, file_name, loaded, last_line, checked_to, applied_to, applied,
    ignored, bad, error, actor, created_at, finished_at"""


def insert_import(tx: WriteTx, new: NewImport, *, at: datetime) -> int | None:
    """Store a new file; None if this key was used before."""
    found = tx.column(
        int,
        """
        INSERT INTO imports (kind, whole, source, as_of, file_name, key, actor, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING id
        """,
        (new.kind.value, new.whole, new.source, new.as_of, new.file_name, new.key, tx.actor, at),
    )
    return found[0] if found else None


def copy_rows(tx: WriteTx, rows: Sequence[ImportRow], *, import_id: int) -> None:
    """Store the rows of a file as they were read."""
    encode = msgspec.json.encode
    tx.copy(
        "COPY import_rows (import_id, line_no, cells, key, problem) FROM STDIN",
        [(import_id, row.line_no, encode(row.cells).decode(), row.key, row.problem) for row in rows],
    )


def finish_loading(tx: WriteTx, *, import_id: int) -> None:
    """Mark the file as read: it is due now."""
    tx.execute(
        """
        UPDATE imports i SET (loaded, last_line, bad) = (
               SELECT count(*), coalesce(max(line_no), 0), count(problem) FROM import_rows WHERE import_id = i.id)
         WHERE i.id = %s
        """,
        (import_id,),
    )


def claim(tx: WriteTx, *, import_id: int | None) -> Import | None:
    """Lock a file that is due (this one, or the oldest); None if there is none that no one works on."""
    return tx.one(
        Import,
        f"""
        SELECT {_COLUMNS} FROM imports
         WHERE state IN ('checking', 'applying') AND (%(id)s::bigint IS NULL OR id = %(id)s)
         ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        """,
        {"id": import_id},
    )


def exists_due(tx: ReadTx) -> bool:
    """Whether a file is waiting to be checked or applied."""
    return tx.value(bool, "SELECT EXISTS (SELECT FROM imports WHERE state IN ('checking', 'applying'))")


def lock(tx: WriteTx, *, import_id: int) -> Import | None:
    """Lock one file; waits for other transactions."""
    return tx.one(Import, f"SELECT {_COLUMNS} FROM imports WHERE id = %s FOR NO KEY UPDATE", (import_id,))


def mark_repeated(tx: WriteTx, *, import_id: int) -> int:
    """Reject rows that repeat the key of an earlier row; returns how many."""
    return tx.execute(
        """
        UPDATE import_rows r SET problem = 'Line ' || d.first || ' speaks of the same.'
          FROM (SELECT line_no, first_value(line_no) OVER (PARTITION BY key ORDER BY line_no) AS first
                  FROM import_rows WHERE import_id = %(id)s AND key <> '' AND problem IS NULL) d
         WHERE r.import_id = %(id)s AND r.line_no = d.line_no AND d.first < d.line_no
        """,
        {"id": import_id},
    )


def mark_incomplete(tx: WriteTx, *, import_id: int, most: int) -> int:
    """Reject rows that share their first cell together if one is bad, if they are not adjacent, or if there are too many."""
    return tx.execute(
        """
        WITH listed AS (
            SELECT line_no, cells ->> 0 AS what, problem,
                   lag(cells ->> 0) OVER (ORDER BY line_no) IS DISTINCT FROM cells ->> 0 AS starts
              FROM import_rows WHERE import_id = %(id)s
        ), torn AS (
            SELECT what, CASE
                   WHEN min(line_no) FILTER (WHERE problem IS NOT NULL) IS NOT NULL THEN
                        'Line ' || min(line_no) FILTER (WHERE problem IS NOT NULL) || ' of ' || what || ' is bad.'
                   WHEN count(*) FILTER (WHERE starts) > 1 THEN 'The rows of ' || what || ' are not adjacent.'
                   WHEN count(*) > %(most)s THEN what || ' has more than ' || %(most)s || ' rows.' END AS problem
              FROM listed GROUP BY what
        )
        UPDATE import_rows r SET problem = torn.problem FROM torn
         WHERE r.import_id = %(id)s AND r.cells ->> 0 = torn.what AND r.problem IS NULL AND torn.problem IS NOT NULL
        """,
        {"id": import_id, "most": most},
    )


_CHECK = """
WITH checked AS (
    SELECT DISTINCT ON (r.line_no) r.line_no, c.name || ' ' || f.words AS problem
      FROM import_rows r
      CROSS JOIN unnest(%(names)s::text[], %(checks)s::text[], %(needed)s::bool[], %(low)s::bigint[], %(high)s::bigint[],
                        %(choices)s::text[]) WITH ORDINALITY AS c(name, kind, needed, low, high, choices, place)
      CROSS JOIN LATERAL (SELECT r.cells ->> (c.place::int - 1) AS cell) x
      CROSS JOIN LATERAL (SELECT CASE
           WHEN x.cell = '' THEN CASE WHEN c.needed THEN 'is missing' END
           WHEN c.kind = 'whole' THEN CASE
                WHEN x.cell !~ '^-?[0-9]{1,15}$' THEN 'is no whole number: ' || left(x.cell, 40)
                WHEN x.cell::bigint < c.low THEN 'is less than ' || c.low || ': ' || x.cell
                WHEN x.cell::bigint > c.high THEN 'is more than ' || c.high || ': ' || x.cell END
           WHEN c.kind = 'date' THEN CASE
                WHEN x.cell !~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' OR left(x.cell, 4) = '0000'
                     THEN 'is no date like 2026-12-31: ' || left(x.cell, 40)
                WHEN right(x.cell, 2)::int > extract(day FROM (left(x.cell, 7) || '-01')::date + interval '1 month - 1 day')
                     THEN 'is no day of its month: ' || x.cell END
           WHEN c.kind = 'choice' THEN CASE WHEN x.cell <> ALL (string_to_array(c.choices, ' '))
                THEN 'is none of ' || replace(c.choices, ' ', ', ') || ': ' || left(x.cell, 40) END
           WHEN c.kind IN ('choices', 'skus', 'locations') THEN (
                SELECT CASE c.kind WHEN 'choices' THEN 'has what is none of ' || replace(c.choices, ' ', ', ')
                                   WHEN 'skus' THEN 'has what is not in the catalog'
                                   ELSE 'has what is no location' END || ': ' || left(m.name, 40)
                  FROM (SELECT btrim(each) AS name FROM unnest(string_to_array(x.cell, ';')) AS each) m
                 WHERE m.name <> '' AND NOT CASE c.kind
                       WHEN 'choices' THEN m.name = ANY (string_to_array(c.choices, ' '))
                       WHEN 'skus' THEN EXISTS (SELECT 1 FROM skus k WHERE k.sku = m.name)
                       ELSE EXISTS (SELECT 1 FROM locations l WHERE l.code = m.name) END
                 LIMIT 1)
           WHEN c.kind = 'sku' THEN CASE WHEN NOT EXISTS (SELECT 1 FROM skus k WHERE k.sku = x.cell)
                THEN 'is not in the catalog: ' || left(x.cell, 40) END
           WHEN c.kind = 'location' THEN CASE WHEN NOT EXISTS (SELECT 1 FROM locations l WHERE l.code = x.cell)
                THEN 'is no location: ' || left(x.cell, 40) END
           END AS words) f
     WHERE r.import_id = %(id)s AND r.line_no > %(after)s AND r.line_no <= %(to)s AND r.problem IS NULL
       AND f.words IS NOT NULL
     ORDER BY r.line_no, c.place
)
UPDATE import_rows r SET problem = checked.problem FROM checked WHERE r.import_id = %(id)s AND r.line_no = checked.line_no
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of a file in a range: after the first number, up to the second."""

    import_id: int
    after: int
    to: int


def check_rows(tx: WriteTx, columns: Sequence[Column], *, span: Span) -> int:
    """Store the problem of each bad row in the range; returns how many are bad."""
    return tx.execute(
        _CHECK,
        {
            "id": span.import_id,
            "after": span.after,
            "to": span.to,
            "names": [column.name for column in columns],
            "checks": [column.check.value for column in columns],
            "needed": [column.needed for column in columns],
            "low": [column.low for column in columns],
            "high": [column.high for column in columns],
            "choices": [" ".join(column.choices) for column in columns],
        },
    )


@dataclass(frozen=True, slots=True)
class Cells:
    """A valid row that is not applied yet."""

    line_no: int
    cells: list[str]


def select_due(tx: ReadTx, *, import_id: int, after: int, limit: int | None = None) -> list[Cells]:
    """The next valid rows after a line; without a limit all of them."""
    return tx.all(
        Cells,
        """
        SELECT line_no, cells FROM import_rows WHERE import_id = %s AND line_no > %s AND problem IS NULL
         ORDER BY line_no LIMIT %s
        """,
        (import_id, after, limit),
    )


def mark_rows(tx: WriteTx, remarks: Sequence[tuple[int, str]], *, import_id: int) -> None:
    """Store remarks on rows."""
    tx.execute(
        """
        UPDATE import_rows r SET problem = m.problem FROM unnest(%s::bigint[], %s::text[]) AS m(line_no, problem)
         WHERE r.import_id = %s AND r.line_no = m.line_no
        """,
        ([line_no for line_no, _ in remarks], [words for _, words in remarks], import_id),
    )


def finish_rows(tx: WriteTx, remarks: Sequence[tuple[int, str]], *, span: Span) -> None:
    """Keep rows of the range that have a remark; delete the other valid ones, which are done."""
    mark_rows(tx, remarks, import_id=span.import_id)
    tx.execute(
        "DELETE FROM import_rows WHERE import_id = %s AND line_no > %s AND line_no <= %s AND problem IS NULL",
        (span.import_id, span.after, span.to),
    )


def update(tx: WriteTx, file: Import) -> None:
    """Store the progress of the file."""
    tx.execute(
        """
        UPDATE imports SET state = %s, checked_to = %s, applied_to = %s, applied = %s, ignored = %s, bad = %s,
               error = %s, finished_at = %s WHERE id = %s
        """,
        (
            file.state.value,
            file.checked_to,
            file.applied_to,
            file.applied,
            file.ignored,
            file.bad,
            file.error,
            file.finished_at,
            file.id,
        ),
    )


def delete_good_rows(tx: WriteTx, *, import_id: int) -> None:
    """Delete the valid rows of a rejected file."""
    tx.execute("DELETE FROM import_rows WHERE import_id = %s AND problem IS NULL", (import_id,))


def select_import(tx: ReadTx, *, import_id: int) -> Import | None:
    """One file."""
    return tx.one(Import, f"SELECT {_COLUMNS} FROM imports WHERE id = %s", (import_id,))


def select_by_key(tx: ReadTx, *, key: str) -> Import | None:
    """The file that was imported with this key."""
    return tx.one(Import, f"SELECT {_COLUMNS} FROM imports WHERE key = %s", (key,))


SORTING = Sorting(
    {
        "id": Key(),
        "file_name": Key("text"),
        "loaded": Key(),
        "applied": Key(),
        "ignored": Key(),
        "bad": Key(),
        "created_at": Key("timestamptz"),
    }
)


def select_imports(tx: ReadTx, *, page: Keyset) -> list[Import]:
    """A page of the files."""
    return tx.all(Import, SORTING.page(f"SELECT {_COLUMNS} FROM imports", page), page.parameters)


def select_problems(tx: ReadTx, *, import_id: int, after: int, limit: int) -> list[ImportRow]:
    """Rows of a file with a problem or a remark, after a line."""
    return tx.all(
        ImportRow,
        """
        SELECT line_no, cells, key, problem FROM import_rows
         WHERE import_id = %s AND line_no > %s AND problem IS NOT NULL ORDER BY line_no LIMIT %s
        """,
        (import_id, after, limit),
    )
