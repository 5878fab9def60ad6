"""SQL of maps and of the names that nobody has mapped.

`external_value` holds the name as it comes: the vendor's, but for carriers and taxes ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class MapRow:
    """A name as it comes and its translation. `is_suggested`: found by the likeness of the names."""

    connection_id: int
    kind: str
    source: str
    target: str
    is_suggested: bool
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A name that came and that nobody has mapped."""

    connection_id: int
    connection_key: str
    connection_name: str
    kind: str
    source: str
    first_seen_at: datetime
    last_seen_at: datetime
    messages: int


@dataclass(frozen=True, slots=True)
class NewMap:
    """A map to store."""

    connection_id: int
    kind: str
    source: str
    target: str
    is_suggested: bool = False


_MAPS = """
SELECT m.connection_id, m.kind, m.external_value AS source, m.our_value AS target, m.is_suggested, m.changed_at, m.changed_by
  FROM connection_maps m
"""


@dataclass(frozen=True, slots=True)
class ServedLocation:
    """A location that a warehouse serves: its code, the connection, and what the warehouse calls it."""

    location: str
    connection_id: int
    key: str
    name: str
    source: str


def select_served(tx: ReadTx) -> list[ServedLocation]:
    """The locations that connections to warehouses serve, unless those are off; the first connection by key counts."""
    return tx.all(
        ServedLocation,
        """
        SELECT DISTINCT ON (m.our_value) m.our_value AS location, c.id AS connection_id, c.key, c.name,
               m.external_value AS source
          FROM connection_maps m JOIN connections c ON c.id = m.connection_id
         WHERE m.kind = 'location' AND c.kind = 'warehouses' AND c.mode <> 'off'
         ORDER BY m.our_value, c.key, m.external_value
        """,
    )


def select_values(tx: ReadTx, *, names: Collection[tuple[str, int, str]]) -> list[MapRow]:
    """The maps of these names, each a kind, a connection and the name."""
    return tx.all(
        MapRow,
        f"""{_MAPS} JOIN unnest(%s::text[], %s::bigint[], %s::text[]) AS n (kind, connection_id, external_value)
                    USING (kind, connection_id, external_value)""",
        (
            [kind for kind, _, _ in names],
            [connection_id for _, connection_id, _ in names],
            [name for _, _, name in names],
        ),
    )


def select_to(tx: ReadTx, *, connection_id: int, kind: str, targets: Collection[str]) -> list[MapRow]:
    """The maps of a kind that lead to one of these translations, by name."""
    return tx.all(
        MapRow,
        f"{_MAPS} WHERE m.connection_id = %s AND m.kind = %s AND m.our_value = ANY(%s) ORDER BY m.external_value",
        (connection_id, kind, list(targets)),
    )


def select_all(tx: ReadTx, *, connection_id: int) -> list[MapRow]:
    """The maps of a connection."""
    return tx.all(
        MapRow, f"{_MAPS} WHERE m.connection_id = %s ORDER BY m.kind, m.external_value", (connection_id,)
    )


def select_unmapped(tx: ReadTx, *, connection_id: int | None, limit: int) -> list[Unmapped]:
    """What nobody has mapped, of a connection or of all, most frequent first."""
    return tx.all(
        Unmapped,
        """
        SELECT u.connection_id, c.key AS connection_key, c.name AS connection_name, u.kind, u.external_value AS source,
               u.first_seen_at, u.last_seen_at, u.messages
          FROM unmapped_values u JOIN connections c ON c.id = u.connection_id
         WHERE %(id)s::bigint IS NULL OR u.connection_id = %(id)s
         ORDER BY u.messages DESC, u.kind, u.external_value LIMIT %(limit)s
        """,
        {"id": connection_id, "limit": limit},
    )


def count_names(tx: ReadTx, *, connection_id: int) -> tuple[int, int]:
    """How many names of a connection are mapped, and how many are not."""
    mapped = tx.value(int, "SELECT count(*) FROM connection_maps WHERE connection_id = %s", (connection_id,))
    unmapped = tx.value(
        int, "SELECT count(*) FROM unmapped_values WHERE connection_id = %s", (connection_id,)
    )
    return mapped, unmapped


def upsert(tx: WriteTx, *, new: Sequence[NewMap]) -> None:
    """Store maps; a suggested one never replaces one that a person made."""
    tx.execute(
        """
        INSERT INTO connection_maps AS m (connection_id, kind, external_value, our_value, is_suggested, changed_by)
        SELECT *, %(actor)s FROM unnest(%(ids)s::bigint[], %(kinds)s::text[], %(sources)s::text[], %(targets)s::text[],
                                        %(suggested)s::boolean[])
        ON CONFLICT (connection_id, kind, external_value) DO UPDATE SET our_value = excluded.our_value,
           is_suggested = excluded.is_suggested, changed_at = business_now(), changed_by = excluded.changed_by
         WHERE m.is_suggested OR NOT excluded.is_suggested
        """,
        {
            "ids": [each.connection_id for each in new],
            "kinds": [each.kind for each in new],
            "sources": [each.source for each in new],
            "targets": [each.target for each in new],
            "suggested": [each.is_suggested for each in new],
            "actor": tx.actor,
        },
    )
    tx.execute(
        """
        DELETE FROM unmapped_values u USING unnest(%s::bigint[], %s::text[], %s::text[]) AS n (connection_id, kind, external_value)
         WHERE (u.connection_id, u.kind, u.external_value) = (n.connection_id, n.kind, n.external_value)
        """,
        ([each.connection_id for each in new], [each.kind for each in new], [each.source for each in new]),
    )


def delete(tx: WriteTx, *, connection_id: int, kind: str, source: str) -> int:
    """Remove a map; returns how many there were."""
    return tx.execute(
        "DELETE FROM connection_maps WHERE (connection_id, kind, external_value) = (%s, %s, %s)",
        (connection_id, kind, source),
    )


def count_unmapped(tx: WriteTx, *, names: Sequence[tuple[str, int, str]]) -> None:
    """Remember names that nobody has mapped, each as often as it came, in key order."""
    counted = sorted(Counter(names).items())
    tx.execute(
        """
        INSERT INTO unmapped_values AS u (kind, connection_id, external_value, messages)
        SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bigint[])
        ON CONFLICT (connection_id, kind, external_value) DO UPDATE SET messages = u.messages + excluded.messages,
           last_seen_at = business_now()
        """,
        (
            [kind for (kind, _, _), _ in counted],
            [connection_id for (_, connection_id, _), _ in counted],
            [name for (_, _, name), _ in counted],
            [messages for _, messages in counted],
        ),
    )
