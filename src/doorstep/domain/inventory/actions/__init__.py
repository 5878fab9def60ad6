"""Verbs of stock: every change is a movement in the ledger."""

from __future__ import annotations

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

__all__ = ["Correction", "Ending", "Piece", "adjust", "lock_supply", "move", "release", "reserve", "ship"]
