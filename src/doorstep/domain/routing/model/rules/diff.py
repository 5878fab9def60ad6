"""Compare two versions of a rule set by the names of their parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import msgspec

from doorstep.domain.routing.model.rules import words
from doorstep.domain.routing.model.rules.cases import Case
from doorstep.domain.routing.model.rules.document import Queue, Routing, Rule, RuleSet, Run
from doorstep.kernel import documents
from doorstep.kernel.message import Message

Named = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """One difference: its path (by name, outermost first), and the text before and after ("" for nothing)."""

    where: str
    before: str | Message
    after: str | Message

    def __str__(self) -> str:
        if not self.before:
            return f"{self.where}: added {self.after}"
        if not self.after:
            return f"{self.where}: removed {self.before}"
        return f"{self.where}: {self.before} → {self.after}"


def changes(before: RuleSet, after: RuleSet) -> list[RuleDifference]:
    """The differences between two documents, in the sequence of the new one."""
    return list(_Differences(after.currency).of("", "", documents.plain(before), documents.plain(after)))


@dataclass(frozen=True, slots=True)
class _Differences:
    currency: str

    def of(self, where: str, name: str, before: object, after: object) -> Iterator[RuleDifference]:
        """The differences of a part called `name` within `where`."""
        here = f"{where} › {name}" if where and name else where or name
        if before == after:
            return
        if _is_named(before or after) and _is_named(after or before):
            yield from self._of_named(where, name.removesuffix("s"), _parts(before), _parts(after))
        elif all(each is None or isinstance(each, Mapping) for each in (before, after)):
            old, new = _fields(before), _fields(after)
            for each in [*new, *(each for each in old if each not in new)]:
                yield from self.of(here, each, old.get(each), new.get(each))
        else:
            yield RuleDifference(here, _reported(before), _reported(after))

    def _of_named(self, where: str, kind: str, before: Named, after: Named) -> Iterator[RuleDifference]:
        """Match parts by name; a new sequence of the remaining parts is a change of its own."""
        old = {str(each["name"]): each for each in before}
        new = {str(each["name"]): each for each in after}
        for name, part in new.items():
            here = f"{where} › {kind} {name}" if where else f"{kind} {name}"
            if name in old:
                yield from self.of(here, "", old[name], part)
            else:
                yield from self._added(here, kind, part)
        for name in old:
            if name not in new:
                yield RuleDifference(where or "rule set", f"{kind} {name}", "")
        stayed = [name for name in new if name in old]
        if stayed != [name for name in old if name in new]:
            asked = ", ".join(name for name in old if name in new)
            yield RuleDifference(f"{where or 'rule set'} › sequence of {kind}s", asked, ", ".join(stayed))

    def _added(self, here: str, kind: str, part: Mapping[str, object]) -> Iterator[RuleDifference]:
        """A new part as a sentence, and its content one by one."""
        inner = {"run": "routings", "routing": "rules"}.get(kind)
        yield RuleDifference(here, "", self._sentence(kind, part))
        if inner:
            yield from self.of(here, inner, None, part.get(inner))

    def _sentence(self, kind: str, part: Mapping[str, object]) -> Message:
        if kind == "run":
            return words.of_run(msgspec.convert(part, Run))
        if kind == "routing":
            return words.of_routing(msgspec.convert(part, Routing), self.currency)
        if kind == "rule":
            return words.joined(words.of_rule(msgspec.convert(part, Rule), self.currency))
        if kind == "queue":
            return words.of_queue(msgspec.convert(part, Queue))
        return words.of_case(msgspec.convert(part, Case))


def _is_named(value: object) -> TypeGuard[Named]:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and "name" in each for each in value)
    )


def _parts(value: object) -> Named:
    return value if _is_named(value) else ()


def _fields(value: object) -> dict[str, object]:
    return {str(name): each for name, each in value.items()} if isinstance(value, Mapping) else {}


def _reported(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_reported(each)}" for name, each in value.items())
    if isinstance(value, list):
        of_parts = any(isinstance(each, Mapping) for each in value)
        return ("; " if of_parts else ", ").join(_reported(each) for each in value)
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
