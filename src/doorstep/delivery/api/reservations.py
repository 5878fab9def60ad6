"""Reservations of carts and checkouts: create, extend, keep during a payment, release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, Body
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
T = TypeVar("T")
Seconds = Annotated[int, Field(ge=1, le=86_400)]


class ReservationLine(BaseModel):
    """A quantity of a SKU, as the customer sees it: kits and B-grade SKUs are split into components here."""

    sku: str = Field(description="The SKU.")
    quantity: int = Field(ge=1, le=1_000_000, description="The number of units.")


class NewReservation(BaseModel):
    """The reservation of one cart or checkout. The same channel and reference again replaces it."""

    channel: str = Field(min_length=1, max_length=100, description="The channel's connection key.")
    reference: str = Field(min_length=1, max_length=200, description="The cart's or checkout's own id.")
    lines: list[ReservationLine] = Field(min_length=1, max_length=200, description="The lines.")
    ttl_seconds: Seconds = Field(600, description="The seconds until the reservation ends.")


class NewReservations(BaseModel):
    """Several carts, decided in this order."""

    carts: list[NewReservation] = Field(
        min_length=1, max_length=1_000, description="The carts, each reserved on its own."
    )


class Extension(BaseModel):
    """The duration from now."""

    ttl_seconds: Seconds = Field(600, description="The seconds until the reservation ends.")


class PaymentWindow(BaseModel):
    """The latest end of a payment or review."""

    until: AwareDatetime = Field(description="When the payment window ends.")


class HeldLine(BaseModel):
    """The reserved units, by component."""

    for_sku: str
    sku: str
    condition: str
    quantity: int


class Reservation(BaseModel):
    """The current reservation of a cart."""

    channel: str
    reference: str
    expires_at: datetime | None
    lines: list[HeldLine]


class ShortLine(BaseModel):
    """A line that cannot be reserved, and how many units could be."""

    sku: str
    wanted: int
    available: int


class Reserved(BaseModel):
    """The result for one cart: `held` until `expires_at`, or nothing of it, because of the `refused` lines."""

    channel: str
    reference: str
    held: bool
    expires_at: datetime | None
    refused: list[ShortLine]


class AllReserved(BaseModel):
    """The results of several carts, in the order given."""

    reservations: list[Reserved]


class Extended(BaseModel):
    """When the reservation ends now."""

    expires_at: datetime


class ReservationKept(BaseModel):
    """The latest end of the reservation."""

    kept_until: datetime


class Dropped(BaseModel):
    """How many reservations ended."""

    dropped: int


def _answer(each: HoldAnswer) -> Reserved:
    return Reserved(
        channel=each.request.channel,
        reference=each.request.reference,
        held=not each.refused,
        expires_at=each.expires_at,
        refused=[
            ShortLine(sku=line.sku, wanted=line.wanted, available=line.available) for line in each.refused
        ],
    )


@router.post("/reservations")
def reserve_stock(calling: Calling, body: NewReservations) -> AllReserved:
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

    def work(tx: WriteTx) -> AllReserved:
        answers = carts.reserve(tx, carts=wanted, now=calling.app.clock.now())
        return AllReserved(reservations=[_answer(each) for each in answers])

    return calling.write(work)


@router.get("/reservations/{channel}/{reference}")
def get_reservation(calling: Calling, channel: str, reference: str) -> Reservation:
    """Get a cart's reservation; no lines when it has expired or became an order."""
    calling.principal.require(Permission.INVENTORY_READ)

    def read(tx: ReadTx) -> Reservation:
        holds = views.holds(tx, carts=[(channel, reference)])
        lines = [
            HeldLine(
                for_sku=each.line_sku, sku=each.sku, condition=each.condition.value, quantity=each.quantity
            )
            for each in holds
        ]
        return Reservation(
            channel=channel,
            reference=reference,
            expires_at=min((each.expires_at for each in holds), default=None),
            lines=lines,
        )

    return calling.read(read)


@router.post("/reservations/{channel}/{reference}/extend")
def extend_reservation(
    calling: Calling,
    channel: str,
    reference: str,
    body: Annotated[Extension, Body(default_factory=Extension)],
) -> Extended:
    """Extend a reservation while the customer is active: it lasts at least this long from now. 404 when it has expired."""
    ttl = timedelta(seconds=body.ttl_seconds)
    return _change(
        calling,
        lambda tx, now: Extended(
            expires_at=inventory.extend(tx, carts=[(channel, reference)], ttl=ttl, at=now)
        ),
    )


@router.post("/reservations/{channel}/{reference}/keep")
def keep_reservation(calling: Calling, channel: str, reference: str, body: PaymentWindow) -> ReservationKept:
    """Keep a reservation during a payment or review: it does not expire before that ends, or `until`."""

    def change(tx: WriteTx, now: datetime) -> ReservationKept:
        inventory.keep(tx, carts=[(channel, reference)], until=body.until, at=now)
        return ReservationKept(kept_until=body.until)

    return _change(calling, change)


@router.delete("/reservations/{channel}/{reference}")
def release_reservation(calling: Calling, channel: str, reference: str) -> Dropped:
    """Release a cart's reservation. Without a reservation nothing changes."""
    return _change(
        calling,
        lambda tx, now: Dropped(
            dropped=inventory.release_cart_reservations(tx, carts=[(channel, reference)], at=now)
        ),
    )


def _change(calling: Caller, change: Callable[[WriteTx, datetime], T]) -> T:
    calling.principal.require(Permission.RESERVATIONS_WRITE)
    return calling.write(lambda tx: change(tx, calling.app.clock.now()))
