"""Verbs of stock: every change is a movement in the ledger."""

from __future__ import annotations

from doorstep.domain.inventory.actions.commitments import set_commitments
from doorstep.domain.inventory.actions.holds import (
    NetworkClaims,
    NotHeld,
    consume,
    expire,
    extend,
    hold,
    keep,
    release_cart_reservations,
)
from doorstep.domain.inventory.actions.ledger import (
    Correction,
    NewReservation,
    ReservationEnd,
    ReservationSplit,
    ReturnedUnits,
    adjust,
    lock_stock,
    move,
    receive_return_stock,
    release,
    reserve,
    ship,
    split_reservations,
)

__all__ = [
    "Correction",
    "NetworkClaims",
    "NewReservation",
    "NotHeld",
    "ReservationEnd",
    "ReservationSplit",
    "ReturnedUnits",
    "adjust",
    "consume",
    "expire",
    "extend",
    "hold",
    "keep",
    "lock_stock",
    "move",
    "receive_return_stock",
    "release",
    "release_cart_reservations",
    "reserve",
    "set_commitments",
    "ship",
    "split_reservations",
]
