"""What differs between two versions of a rule set, by the names people gave its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import msgspec

from doorstep.domain.routing.model.rules.document import RuleSet
from doorstep.kernel import documents

_ARROW = " → "


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where, and what stood and stands there ("" for nothing)."""

    where: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.where}: added {self.after}"
        if not self.after:
            return f"{self.where}: removed {self.before}"
        return f"{self.where}: {self.before}{_ARROW}{self.after}"


def changes(before: RuleSet, after: RuleSet) -> list[Change]:
    """From one document to another, in the order of the new one."""
    return list(_differing("", documents.plain(before), documents.plain(after)))


def _differing(where: str, before: object, after: object) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*after, *(each for each in before if each not in after)]:
            yield from _differing(_below(where, str(name)), before.get(name), after.get(name))
    elif _is_named(before) and _is_named(after):
        yield from _of_named(where, before, after)
    elif isinstance(after, Mapping) and before is None and "name" not in after:
        yield from _differing(where, {}, after)
    else:
        yield Change(where or "rule set", _told(before), _told(after))


def _of_named(
    where: str, before: Sequence[Mapping[str, object]], after: Sequence[Mapping[str, object]]
) -> Iterator[Change]:
    """Parts are the same if their name is; another sequence of those that stayed is a change of its own."""
    old = {str(each["name"]): each for each in before}
    new = {str(each["name"]): each for each in after}
    for name, part in new.items():
        here = f"{where} “{name}”".strip()
        if name in old:
            yield from _differing(here, old[name], part)
        else:
            yield Change(
                where, "", f"“{name}” {_told({key: part[key] for key in part if key != 'name'})}".strip()
            )
    for name in old:
        if name not in new:
            yield Change(where, f"“{name}”", "")
    stayed = [name for name in new if name in old]
    if stayed != [name for name in old if name in new]:
        yield Change(f"{where}, sequence", ", ".join(name for name in old if name in new), ", ".join(stayed))


def _is_named(value: object) -> TypeGuard[Sequence[Mapping[str, object]]]:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and "name" in each for each in value)
    )


def _below(where: str, name: str) -> str:
    return f"{where}, {name}" if where else name


def _told(value: object) -> str:
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_told(each)}" for name, each in value.items())
    if isinstance(value, list):
        return (
            "; ".join(_told(each) for each in value)
            if _is_of_parts(value)
            else ", ".join(_told(each) for each in value)
        )
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _is_of_parts(value: Sequence[object]) -> bool:
    return any(isinstance(each, Mapping) for each in value)
