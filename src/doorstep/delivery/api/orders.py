"""Orders: search, read, hold, release, cancel, note."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import shapes
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.analytics.views import order as order_views
from doorstep.domain.analytics.views import orders as list_views
from doorstep.domain.identity.model import NotAllowed, Permission
from doorstep.domain.orders import actions as orders
from doorstep.flows.capture import approve
from doorstep.flows.fulfillment import cancel
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId

router = APIRouter(tags=["Orders"])


class Reason(BaseModel):
    """The reason."""

    reason: str = Field(min_length=1, max_length=500, description="A note for colleagues who read it later.")


class Note(BaseModel):
    """A note on an order."""

    text: str = Field(min_length=1, max_length=2000, description="The note.")


class Search(Paging):
    """Filter and page."""

    view: list_views.OrderView = list_views.OrderView.ALL
    q: str = Field("", description="Order number, name, phone, e-mail, SKU or tracking number.")
    channel: str = ""
    queue: str = Field("", description="A queue of the rule set, as GET /routing/queues lists them.")


class HoldState(BaseModel):
    """Whether a person holds the order."""

    order_id: int
    held: bool


class OrderCanceled(BaseModel):
    """The order that was canceled as far as possible; read it to see what remains."""

    order_id: int
    canceled: bool = Field(description="False while a warehouse that has the order is asked to stop.")


class NoteAdded(BaseModel):
    """The new note."""

    note_id: int


@router.get("/orders")
def search_orders(calling: Calling, search: Annotated[Search, Query()]) -> Page[shapes.OrderSummary]:
    """List orders, newest first."""
    calling.principal.require(Permission.ORDERS_READ)
    wanted = list_views.OrderFilter(
        view=search.view,
        text=search.q,
        channel=search.channel,
        queue=search.queue,
        location_id=calling.scope,
        limit=search.limit,
    )
    now = calling.app.clock.now()
    page = calling.read(lambda tx: list_views.page(tx, wanted=wanted, now=now, cursor=search.cursor))
    return Page(items=[shapes.summary(row) for row in page.rows], next_cursor=page.next_cursor)


def _see(calling: Caller, tx: ReadTx, order_id: int) -> None:
    """Location staff may read the orders of their location."""
    if calling.scope is not None and not list_views.concerns(
        tx, order_id=order_id, location_id=calling.scope
    ):
        raise NotAllowed("This order does not belong to your location.")


@router.get("/orders/{order_id}")
def get_order(calling: Calling, order_id: int) -> shapes.Order:
    """Get one order with lines, fulfillment orders, parcels, returns, payments and timeline."""
    calling.principal.require(Permission.ORDERS_READ)

    def fetch(tx: ReadTx) -> shapes.Order:
        _see(calling, tx, order_id)
        return shapes.order(order_views.detail(tx, order_id=order_id, now=calling.app.clock.now()))

    return calling.read(fetch)


@router.post("/orders/{order_id}/hold")
def hold_order(calling: Calling, order_id: int, body: Reason) -> HoldState:
    """Hold an order until it is released."""
    calling.principal.require(Permission.ORDERS_WRITE)

    def work(tx: WriteTx) -> HoldState:
        approve.hold(tx, order_id=OrderId(order_id), reason=body.reason, now=calling.app.clock.now())
        return HoldState(order_id=order_id, held=True)

    return calling.write(work)


@router.post("/orders/{order_id}/release")
def release_order(calling: Calling, order_id: int) -> HoldState:
    """Release a held order; the checks run again."""
    calling.principal.require(Permission.ORDERS_WRITE)

    def work(tx: WriteTx) -> HoldState:
        approve.release(tx, order_id=OrderId(order_id), now=calling.app.clock.now())
        return HoldState(order_id=order_id, held=False)

    return calling.write(work)


@router.post("/orders/{order_id}/cancel")
def cancel_order(calling: Calling, order_id: int, body: Reason) -> OrderCanceled:
    """Cancel what is not packed yet; its stock is released. Refused when every line has shipped."""
    calling.principal.require(Permission.ORDERS_WRITE)

    def work(tx: WriteTx) -> OrderCanceled:
        is_asked = cancel.cancel(
            tx, order_id=OrderId(order_id), reason=body.reason, now=calling.app.clock.now()
        )
        return OrderCanceled(order_id=order_id, canceled=not is_asked)

    return calling.write(work)


@router.post("/orders/{order_id}/notes", status_code=201)
def add_note(calling: Calling, order_id: int, body: Note) -> NoteAdded:
    """Add a note to an order."""
    calling.principal.require(Permission.ORDERS_WRITE)

    def work(tx: WriteTx) -> NoteAdded:
        note_id = orders.add_note(tx, order_id=OrderId(order_id), text=body.text, now=calling.app.clock.now())
        return NoteAdded(note_id=note_id)

    return calling.write(work)
