"""Verbs of stock: every change is a movement in the ledger."""

from __future__ import annotations

from doorstep.domain.inventory.actions.commitments import commit
from doorstep.domain.inventory.actions.holds import Claims, NotHeld, consume, drop, extend, hold, keep, sweep
from doorstep.domain.inventory.actions.ledger import (
    Correction,
    Ending,
    Piece,
    adjust,
    lock_supply,
    move,
    release,
    reserve,
    ship,
)

__all__ = [
    "Correction",
    "Ending",
    "Claims",
    "NotHeld",
    "Piece",
    "adjust",
    "commit",
    "consume",
    "drop",
    "extend",
    "hold",
    "keep",
    "lock_supply",
    "move",
    "release",
    "reserve",
    "ship",
    "sweep",
]
