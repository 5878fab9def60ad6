"""Read the maps of connections, and what nobody has mapped."""

from __future__ import annotations

from collections.abc import Collection

from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.store import maps as store
from doorstep.domain.connections.store.maps import MapRow, ServedLocation, Unmapped
from doorstep.kernel.db import ReadTx

__all__ = ["MapRow", "ServedLocation", "Unmapped"]


def listed(tx: ReadTx, *, connection_id: int) -> list[MapRow]:
    """The maps of a connection."""
    return store.select_all(tx, connection_id=connection_id)


def unmapped(tx: ReadTx, *, connection_id: int | None = None, limit: int = 1_000) -> list[Unmapped]:
    """What nobody has mapped, of a connection or of all, most frequent first."""
    return store.select_unmapped(tx, connection_id=connection_id, limit=limit)


def counts(tx: ReadTx, *, connection_id: int) -> tuple[int, int]:
    """How many names of a connection are mapped, and how many are not."""
    return store.count_names(tx, connection_id=connection_id)


def targets(tx: ReadTx, *, connection_id: int, kind: MapKind, sources: Collection[str]) -> dict[str, str]:
    """The translations of names as they come, of those that are mapped."""
    names = {(kind, connection_id, name) for name in sources}
    return {each.source: each.target for each in store.select_values(tx, names=names)} if names else {}


def sources(
    tx: ReadTx, *, connection_id: int, kind: MapKind, targets: Collection[str]
) -> dict[str, list[str]]:
    """The names that stand for each of these, as listings of a SKU; what has none is left out."""
    found: dict[str, list[str]] = {}
    for each in store.select_to(tx, connection_id=connection_id, kind=kind, targets=targets):
        found.setdefault(each.target, []).append(each.source)
    return found


def served_locations(tx: ReadTx) -> dict[str, ServedLocation]:
    """The locations that warehouses of partners serve, by our code."""
    return {each.location: each for each in store.select_served(tx)}
