"""Verbs of stock: every change is a movement in the ledger."""

from __future__ import annotations

from doorstep.domain.inventory.actions.commitments import set_commitments
from doorstep.domain.inventory.actions.holds import Claims, NotHeld, consume, drop, extend, hold, keep, sweep
from doorstep.domain.inventory.actions.ledger import (
    Correction,
    Division,
    Ending,
    Piece,
    Returned,
    adjust,
    divide,
    lock_supply,
    move,
    release,
    reserve,
    ship,
    take_back,
)

__all__ = [
    "Claims",
    "Correction",
    "Division",
    "Ending",
    "NotHeld",
    "Piece",
    "Returned",
    "adjust",
    "consume",
    "divide",
    "drop",
    "extend",
    "hold",
    "keep",
    "lock_supply",
    "move",
    "release",
    "reserve",
    "set_commitments",
    "ship",
    "sweep",
    "take_back",
]
