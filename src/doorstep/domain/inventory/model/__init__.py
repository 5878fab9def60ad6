"""Nouns and rules of stock, one family per file."""

from __future__ import annotations

from doorstep.domain.inventory.model.ledger import (
    EFFECTS,
    ENDINGS,
    SIGNED,
    Condition,
    Drift,
    InsufficientStock,
    Movement,
    MovementType,
    Position,
    UnknownPosition,
    check,
)

__all__ = [
    "EFFECTS",
    "ENDINGS",
    "SIGNED",
    "Condition",
    "Drift",
    "InsufficientStock",
    "Movement",
    "MovementType",
    "Position",
    "UnknownPosition",
    "check",
]
