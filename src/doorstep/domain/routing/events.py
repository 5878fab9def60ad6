"""What happens to rule sets, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RulesDrafted:
    """A version of the rule set was written; it decides nothing yet."""

    type: ClassVar[str] = "rules.drafted"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    why: str
    based_on: int | None


@dataclass(frozen=True, slots=True)
class RulesActivated:
    """A version decides from now on, instead of another (None: of the rules that Doorstep comes with)."""

    type: ClassVar[str] = "rules.activated"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    why: str
    instead_of: int | None


@dataclass(frozen=True, slots=True)
class RulesRolledBack:
    """An earlier version's document decides again, under a number of its own."""

    type: ClassVar[str] = "rules.rolled_back"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    why: str
    restores: int
    instead_of: int | None


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A draft decides silently (shadow) or on `percent` of the orders (canary)."""

    type: ClassVar[str] = "rules.trial_started"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    kind: str
    percent: int
    why: str


@dataclass(frozen=True, slots=True)
class TrialStopped:
    """A draft is tried no more; `breached`: a guardrail ended it."""

    type: ClassVar[str] = "rules.trial_stopped"
    stream: ClassVar[str] = "rules"
    rules_id: int
    name: str
    kind: str
    why: str
    breached: bool
