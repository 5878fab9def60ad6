"""Simulate rule sets over the past, and compare the results."""

from __future__ import annotations

from doorstep.domain.routing.model.lab.differences import Difference, OrderPlan, differences
from doorstep.domain.routing.model.lab.gates import Gate
from doorstep.domain.routing.model.lab.guardrails import Guardrails, Tally, TrialKind, Verdict
from doorstep.domain.routing.model.lab.measures import Compared, Measured, compare, measure
from doorstep.domain.routing.model.lab.past_network import PastNetwork
from doorstep.domain.routing.model.lab.replay import Arrival, OrderResult, Past, StockChange, replay

__all__ = [
    "Arrival",
    "Compared",
    "Difference",
    "Gate",
    "Guardrails",
    "Measured",
    "OrderPlan",
    "OrderResult",
    "Past",
    "PastNetwork",
    "StockChange",
    "Tally",
    "TrialKind",
    "Verdict",
    "compare",
    "differences",
    "measure",
    "replay",
]
