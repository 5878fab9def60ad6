"""A rule set made ready to decide with: which routing takes an order, and which locations its rules refuse, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.domain.routing.model.demand import Demand
from doorstep.domain.routing.model.network import Lane, Place
from doorstep.domain.routing.model.rules.document import Routing, Rule, RuleSet, Run


@dataclass(frozen=True, slots=True)
class Playbook:
    """A rule set with its conditions compiled. `version` is what receipts call it ("notnaked 7")."""

    document: RuleSet
    version: str = ""

    def routing(self, demand: Demand, run: Run | None = None) -> Routing | None:
        """The first active routing (of that run; of all event-driven runs if none is given) that takes this order."""
        raise NotImplementedError

    def sorted(self, routing: Routing, demands: Sequence[Demand]) -> list[Demand]:
        """The orders in the sequence in which the routing serves them; ties by promise, placing time, id."""
        raise NotImplementedError

    def refuses(self, rule: Rule, place: Place, demand: Demand, lane: Lane) -> str:
        """Why this rule does not ask that location for that order, in words for the receipt; "" if it does."""
        raise NotImplementedError
