"""Decide which location fulfills which line of an order: a pure function with an explanation."""

from __future__ import annotations

from doorstep.domain.routing.model.demand import (
    ANYTHING,
    Choice,
    Demand,
    DemandLine,
    OrderAttributes,
    StockKey,
    StockLimits,
    stock_key,
)
from doorstep.domain.routing.model.explanation import Alternative, Candidate, Explanation, LineExplanation
from doorstep.domain.routing.model.great_circle import GreatCircle
from doorstep.domain.routing.model.network import Lane, Lanes, Network, RoutingLocation, try_move
from doorstep.domain.routing.model.plan import Decision, plan
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
    "DemandLine",
    "Explanation",
    "GreatCircle",
    "Lane",
    "Lanes",
    "LineExplanation",
    "Network",
    "OrderAttributes",
    "RoutingLocation",
    "Scores",
    "StockKey",
    "StockLimits",
    "Supply",
    "plan",
    "stock_key",
    "try_move",
]
