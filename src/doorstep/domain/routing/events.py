"""Define the events of rule sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RulesDrafted:
    """A draft of the rule set was saved; it is not active yet."""

    type: ClassVar[str] = "rules.drafted"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    why: str
    based_on: int | None


@dataclass(frozen=True, slots=True)
class RulesActivated:
    """A version was activated in place of another (None: of the default rules)."""

    type: ClassVar[str] = "rules.activated"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    why: str
    instead_of: int | None


@dataclass(frozen=True, slots=True)
class RulesRolledBack:
    """The document of an earlier version is active again, as a new version."""

    type: ClassVar[str] = "rules.rolled_back"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    why: str
    restores: int
    instead_of: int | None


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A draft is tested silently (shadow) or on `percent` of the orders (canary)."""

    type: ClassVar[str] = "rules.trial_started"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    kind: str
    percent: int
    why: str


@dataclass(frozen=True, slots=True)
class TrialStopped:
    """A trial of a draft ended; `breached`: a guardrail ended it."""

    type: ClassVar[str] = "rules.trial_stopped"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    kind: str
    why: str
    breached: bool
