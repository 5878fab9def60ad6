"""The decision: which location fulfils which line of an order, as a pure function with a receipt."""

from __future__ import annotations

from doorstep.domain.routing.model.demand import ANYTHING, Choice, Demand, Facts, Terms, Thing, Want, thing
from doorstep.domain.routing.model.great_circle import GreatCircle
from doorstep.domain.routing.model.network import Lane, Lanes, Network, Place
from doorstep.domain.routing.model.plan import Decision, plan
from doorstep.domain.routing.model.receipt import Alternative, Candidate, LineReceipt, Receipt
from doorstep.domain.routing.model.score import Scores
from doorstep.domain.routing.model.supply import Basket, Supply

__all__ = [
    "ANYTHING",
    "Alternative",
    "Basket",
    "Candidate",
    "Choice",
    "Decision",
    "Demand",
    "Facts",
    "GreatCircle",
    "Lane",
    "Lanes",
    "LineReceipt",
    "Network",
    "Place",
    "Receipt",
    "Scores",
    "Supply",
    "Terms",
    "Thing",
    "Want",
    "plan",
    "thing",
]
