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
