"""Temporary stock reservations for carts and checkouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import DEFAULT_TTL, Condition, HoldAnswer, HoldLine, HoldRequest, Selling
from doorstep.domain.inventory.views import rules
from doorstep.domain.network import views as network
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import Sku


@dataclass(frozen=True, slots=True)
class Cart:
    """What a cart or checkout wants to reserve: units per SKU; kits and B-grade SKUs as the customer sees them."""

    channel: str
    reference: str
    wanted: Sequence[tuple[Sku, int]]
    ttl: timedelta = DEFAULT_TTL


def reserve(tx: WriteTx, *, carts: Sequence[Cart], now: datetime) -> list[HoldAnswer]:
    """Reserve each cart's lines, all or none. A repeated cart replaces its earlier reservation.

    Raises NotFound for unknown SKUs.
    """
    skus = {sku for cart in carts for sku, _ in cart.wanted}
    missing = sorted(skus - catalog.known(tx, skus=skus))
    if missing:
        raise errors.NotFound(f"The catalog does not have {', '.join(missing)}.")
    parts = catalog.parts(tx, skus=skus)
    lines = {
        sku: {(part.sku, Condition(part.condition)): part.quantity for part in parts[sku]} for sku in skus
    }
    requests = [
        HoldRequest(
            cart.channel,
            cart.reference,
            tuple(HoldLine(sku, quantity, lines[sku]) for sku, quantity in cart.wanted),
            cart.ttl,
        )
        for cart in carts
    ]
    ruled = skus | {sku for line in lines.values() for sku, _ in line}
    sending = {each.id for each in network.locations(tx).values() if each.active and each.ships}
    selling = Selling(sending, rules.policies(tx, skus=ruled, channels={cart.channel for cart in carts}))
    return inventory.hold(tx, requests=requests, selling=selling, at=now)


def expire(context: Context) -> int:
    """End expired cart reservations; returns how many."""
    lapsed = 0
    while True:
        some = context.db.transact(lambda tx: inventory.expire(tx, at=context.clock.now()), actor="system")
        lapsed += some
        if not some:
            return lapsed
