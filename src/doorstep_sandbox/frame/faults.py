"""Faults on demand: rules say which vendor calls fail, how, and how often."""

from __future__ import annotations

import dataclasses
import enum
import random
import re
from collections.abc import Mapping

from doorstep_sandbox.frame.wire import Json


class Kind(enum.StrEnum):
    """How a call fails. MALFORMED_JSON, TIMEOUT_AFTER_WORK and SLOW have done the work; SLOW answers, after its hold."""

    STATUS_500 = "status_500"
    STATUS_429 = "status_429"
    TIMEOUT_AFTER_WORK = "timeout_after_work"
    MALFORMED_JSON = "malformed_json"
    REFUSE_BEFORE_WORK = "refuse_before_work"
    SLOW = "slow"
    CYCLE = "cycle"


PLAIN_KINDS = tuple(kind for kind in Kind if kind not in {Kind.SLOW, Kind.CYCLE})


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What a rule matches: `route` is the path template, `operation` a GraphQL field or operation name."""

    method: str
    path: str
    route: str
    operation: str
    resource: str

    @property
    def identity(self) -> tuple[str, str, str]:
        return (self.method, self.operation or self.route, self.resource)


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A fault to apply to this call."""

    kind: Kind
    hold_seconds: float
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class Rule:
    """Make matching calls fail: the first `times`, or (each_once) every distinct target once.

    `headers` of a status_429 or status_500 are added to the vendor's own answer; an empty value removes one.
    """

    kind: Kind
    method: str = ""
    path_prefix: str = ""
    path_regex: str = ""
    operation: str = ""
    times: int | None = 1
    each_once: bool = False
    hold_seconds: float = 0.2
    seed: int = 0
    kinds: tuple[Kind, ...] = PLAIN_KINDS
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    hits: int = 0
    seen: set[tuple[str, str, str]] = dataclasses.field(default_factory=set)

    def matches(self, target: Target) -> bool:
        if self.method and self.method.upper() != target.method:
            return False
        if self.operation and self.operation != target.operation:
            return False
        if not target.path.startswith(self.path_prefix):
            return False
        return re.search(self.path_regex, target.path) is not None

    def take(self, target: Target) -> Fault | None:
        """The fault for this call, counted as used; None if the rule is used up or does not match."""
        if not self.matches(target):
            return None
        if self.each_once:
            if target.identity in self.seen:
                return None
            self.seen.add(target.identity)
        elif self.times is not None and self.hits >= self.times:
            return None
        self.hits += 1
        return Fault(self._kind_for(target), self.hold_seconds, self.headers)

    def _kind_for(self, target: Target) -> Kind:
        if self.kind is not Kind.CYCLE:
            return self.kind
        return random.Random(f"{self.seed}:{target.identity}:{self.hits}").choice(self.kinds)


FIELDS = frozenset(field.name for field in dataclasses.fields(Rule)) - {"hits", "seen"}


class Faults:
    """The rules of a partner, tried in the order given."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def replace(self, raw_rules: list[Json]) -> None:
        """Raises ValueError for an unknown kind or field, so that a misspelled rule does not pass unnoticed."""
        self.rules = [_rule(raw) for raw in raw_rules]

    def pick(self, target: Target) -> Fault | None:
        for rule in self.rules:
            fault = rule.take(target)
            if fault:
                return fault
        return None

    def describe(self) -> list[Json]:
        return [
            {"kind": rule.kind.value, "hits": rule.hits, "each_once": rule.each_once, "times": rule.times}
            for rule in self.rules
        ]


def _rule(raw: Json) -> Rule:
    unknown = set(raw) - FIELDS
    if unknown:
        message = f"unknown field in a fault rule: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    fields = dict(raw)
    fields["kind"] = Kind(raw.get("kind", ""))
    if "kinds" in raw:
        fields["kinds"] = tuple(Kind(kind) for kind in raw["kinds"])
    rule = Rule(**fields)
    re.compile(rule.path_regex)
    return rule
