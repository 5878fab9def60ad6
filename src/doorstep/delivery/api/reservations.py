"""Reservations of carts and checkouts: create, extend, keep during a payment, release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views
from doorstep.domain.inventory.model import HoldAnswer
from doorstep.flows.availability import cart_reservations as carts
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

router = APIRouter(tags=["Reservations"])
Seconds = Annotated[int, Field(ge=1, le=86_400)]


class Line(BaseModel):
    """A quantity of a SKU, as the customer sees it: kits and B-grade SKUs are split into components here."""

    sku: str
    quantity: int = Field(ge=1, le=1_000_000)


class Cart(BaseModel):
    """The reservation of one cart or checkout. The same channel and reference again replaces it."""

    channel: str = Field(min_length=1, max_length=100, description="The channel's connection key.")
    reference: str = Field(min_length=1, max_length=200, description="The cart's or checkout's own id.")
    lines: list[Line] = Field(min_length=1, max_length=200)
    ttl_seconds: Seconds = 600


class Carts(BaseModel):
    """Several carts, decided in this order."""

    carts: list[Cart] = Field(min_length=1, max_length=1_000)


class Extension(BaseModel):
    """The duration from now."""

    ttl_seconds: Seconds = 600


class Keeping(BaseModel):
    """The latest end of a payment or review."""

    until: AwareDatetime


@dataclass(frozen=True, slots=True)
class HeldLine:
    """The reserved units, by component."""

    for_sku: str
    sku: str
    condition: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """The current reservation of a cart."""

    channel: str
    reference: str
    expires_at: datetime | None
    lines: list[HeldLine]


def _answer(each: HoldAnswer) -> dict[str, object]:
    return {
        "channel": each.request.channel,
        "reference": each.request.reference,
        "held": not each.refused,
        "expires_at": each.expires_at,
        "refused": [
            {"sku": line.sku, "wanted": line.wanted, "available": line.available} for line in each.refused
        ],
    }


@router.post("/reservations")
def hold(calling: Calling, body: Carts) -> dict[str, object]:
    """Reserve stock for carts, each completely or not at all; `refused` lists the short lines and the available units."""
    calling.principal.require(Permission.RESERVATIONS_WRITE)
    wanted = [
        carts.Cart(
            each.channel,
            each.reference,
            [(Sku(line.sku), line.quantity) for line in each.lines],
            timedelta(seconds=each.ttl_seconds),
        )
        for each in body.carts
    ]

    def work(tx: WriteTx) -> dict[str, object]:
        answers = carts.reserve(tx, carts=wanted, now=calling.app.clock.now())
        return {"reservations": [_answer(each) for each in answers]}

    return calling.write(work)


@router.get("/reservations/{channel}/{reference}")
def look(calling: Calling, channel: str, reference: str) -> Reservation:
    """Get a cart's reservation; no lines when it has expired or became an order."""
    calling.principal.require(Permission.INVENTORY_READ)

    def read(tx: ReadTx) -> Reservation:
        holds = views.holds(tx, carts=[(channel, reference)])
        lines = [HeldLine(each.line_sku, each.sku, each.condition.value, each.quantity) for each in holds]
        return Reservation(channel, reference, min((each.expires_at for each in holds), default=None), lines)

    return calling.read(read)


@router.post("/reservations/{channel}/{reference}/extend")
def extend(calling: Calling, channel: str, reference: str, body: Extension) -> dict[str, object]:
    """Extend a reservation while the customer is active: it lasts at least this long from now. 404 when it has expired."""
    ttl = timedelta(seconds=body.ttl_seconds)
    return _change(
        calling,
        lambda tx, now: {"expires_at": inventory.extend(tx, carts=[(channel, reference)], ttl=ttl, at=now)},
    )


@router.post("/reservations/{channel}/{reference}/keep")
def keep(calling: Calling, channel: str, reference: str, body: Keeping) -> dict[str, object]:
    """Keep a reservation during a payment or review: it does not expire before that ends, or `until`."""

    def change(tx: WriteTx, now: datetime) -> dict[str, object]:
        inventory.keep(tx, carts=[(channel, reference)], until=body.until, at=now)
        return {"kept_until": body.until}

    return _change(calling, change)


@router.delete("/reservations/{channel}/{reference}")
def drop(calling: Calling, channel: str, reference: str) -> dict[str, object]:
    """Release a cart's reservation. Without a reservation nothing changes."""
    return _change(
        calling, lambda tx, now: {"dropped": inventory.drop(tx, carts=[(channel, reference)], at=now)}
    )


def _change(calling: Caller, change: Callable[[WriteTx, datetime], dict[str, object]]) -> dict[str, object]:
    calling.principal.require(Permission.RESERVATIONS_WRITE)
    return calling.write(lambda tx: change(tx, calling.app.clock.now()))
