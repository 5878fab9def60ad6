"""Define rule sets: the document that users write, and the compiled rules."""

from __future__ import annotations

from doorstep.domain.routing.model.rules.compiled import (
    CompiledRules,
    RuleEvaluator,
    compile,  # noqa: A004 - read as rules.compile
)
from doorstep.domain.routing.model.rules.conditions import Wrong
from doorstep.domain.routing.model.rules.default import BROKERING, DEFAULT, DEFAULT_VERSION
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
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
)

__all__ = [
    "BROKERING",
    "DEFAULT",
    "DEFAULT_VERSION",
    "CompiledRules",
    "Costs",
    "Locations",
    "Measure",
    "OrderField",
    "OrderSort",
    "Orders",
    "Queue",
    "Rejected",
    "Release",
    "Remainder",
    "Routing",
    "Rule",
    "RuleEvaluator",
    "RuleSet",
    "Run",
    "Sort",
    "Split",
    "Wrong",
    "compile",
]
