"""Map what a vendor calls something of ours; remember what nobody has mapped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from doorstep.domain.connections import events
from doorstep.domain.connections.model.maps import OUTGOING, MapKind, suggest
from doorstep.domain.connections.store import maps as store
from doorstep.domain.connections.store.maps import NewMap
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx

__all__ = ["OUTGOING", "Name", "remove_map", "repeat", "set_map", "translate"]

Name = tuple[MapKind, int, str]  # a kind, a connection, and the name as it comes


def translate(
    tx: WriteTx, *, names: Sequence[Name], ours: Mapping[MapKind, Collection[str]]
) -> dict[Name, str]:
    """The translations of names: as mapped, else, for the kinds in `ours`, what the name most likely means.

    A name that fits exactly one of ours is mapped, marked as suggested; one that fits none
    or several is listed as unmapped, and has no entry in the result.
    """
    if not names:
        return {}
    wanted = set(names)
    found = {
        (MapKind(each.kind), each.connection_id, each.source): each.target
        for each in store.select_values(tx, names=wanted)
    }
    guesses = {each: suggest(each[2], ours.get(each[0], ())) for each in sorted(wanted - found.keys())}
    mapped = {each: guess for each, guess in guesses.items() if guess is not None}
    if mapped:
        store.upsert(
            tx,
            new=[
                NewMap(of, kind, name, guess, is_suggested=True) for (kind, of, name), guess in mapped.items()
            ],
        )
    if unmapped := guesses.keys() - mapped.keys():
        store.count_unmapped(tx, names=[each for each in names if each in unmapped])
    return found | mapped


def set_map(
    tx: WriteTx, *, connection_id: int, kind: MapKind, source: str, target: str, at: datetime
) -> None:
    """Map a name as it comes, or replace its map. It counts from now on, and for what waits for it."""
    if not source.strip() or not target.strip():
        raise errors.Invalid("Enter both names.")
    store.upsert(tx, new=[NewMap(connection_id, kind, source, target)])
    repeat(tx, connection_id=connection_id, kind=kind, source=source, target=target, at=at)


def repeat(tx: WriteTx, *, connection_id: int, kind: MapKind, source: str, target: str, at: datetime) -> None:
    """Have more of what waits for a map go on."""
    event_log.append(tx, [events.Mapped(connection_id, kind.value, source, target)], at=at)


def remove_map(tx: WriteTx, *, connection_id: int, kind: MapKind, source: str) -> None:
    """Remove a map; the name is suggested or listed as unmapped when it comes again."""
    if not store.delete(tx, connection_id=connection_id, kind=kind, source=source):
        raise errors.NotFound(f"{source!r} is not mapped.")
