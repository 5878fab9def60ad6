"""Rule sets: the document people write, and the playbook that decides with it."""

from __future__ import annotations

from doorstep.domain.routing.model.rules.document import (
    Costs,
    Locations,
    Measure,
    OrderField,
    Orders,
    OrderSort,
    Queue,
    Rejected,
    Release,
    Rest,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
)
from doorstep.domain.routing.model.rules.playbook import Playbook

__all__ = [
    "Costs",
    "Locations",
    "Measure",
    "OrderField",
    "OrderSort",
    "Orders",
    "Playbook",
    "Queue",
    "Rejected",
    "Release",
    "Rest",
    "Routing",
    "Rule",
    "RuleSet",
    "Run",
    "Sort",
    "Split",
]
