"""Read cart reservations and commitments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doorstep.domain.inventory.model import CartReservation, Part, Requested
from doorstep.domain.inventory.store import network as store
from doorstep.kernel.db import ReadTx


def requested(tx: ReadTx, *, parts: Iterable[Part]) -> dict[Part, Requested]:
    """Held and committed units of these; SKUs without any are left out."""
    return store.select_requested(tx, parts=sorted({(sku, condition.value) for sku, condition in parts}))


def holds(tx: ReadTx, *, carts: Sequence[tuple[str, str]]) -> list[CartReservation]:
    """What these carts (channel, reference) hold, by component."""
    return store.select_holds(tx, carts=carts)
