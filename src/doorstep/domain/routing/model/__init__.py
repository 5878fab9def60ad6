"""The decision: which location fulfils which line of an order, as a pure function with a receipt."""

from __future__ import annotations

from doorstep.domain.routing.model.demand import ANYTHING, Choice, Demand, Facts, Terms, Thing, Want, thing
from doorstep.domain.routing.model.network import Lane, Lanes, Network, Place
from doorstep.domain.routing.model.plan import RULES, Decision, plan
from doorstep.domain.routing.model.receipt import Candidate, LineReceipt
from doorstep.domain.routing.model.supply import Basket, Supply

__all__ = [
    "ANYTHING",
    "RULES",
    "Basket",
    "Candidate",
    "Choice",
    "Decision",
    "Demand",
    "Facts",
    "Lane",
    "Lanes",
    "LineReceipt",
    "Network",
    "Place",
    "Supply",
    "Terms",
    "Thing",
    "Want",
    "plan",
    "thing",
]
