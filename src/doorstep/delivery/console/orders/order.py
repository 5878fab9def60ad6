"""The order page and what may be done with an order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.orders import decision, sketch
from doorstep.delivery.console.orders.sketch import Sketch, Spot
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import decisions
from doorstep.domain.analytics.views import order as view
from doorstep.domain.analytics.views import orders as list_view
from doorstep.domain.analytics.views.order import OrderDetail
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.views import promises
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import OrderStatus
from doorstep.domain.routing.views import rules
from doorstep.domain.shipping import views as parcels
from doorstep.flows.capture import approve
from doorstep.flows.fulfillment import cancel
from doorstep.flows.payments import refund
from doorstep.flows.shipping import ship
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId, RefundId, ShipmentId


@dataclass(frozen=True, slots=True)
class Button:
    """A verb of the page; `why_not` says why it is not possible now (empty: it is)."""

    key: str
    label: str
    why_not: str = ""


def buttons(found: OrderDetail, *, may_write: bool) -> list[Button]:
    """Every verb of an order, the most likely one first."""
    lacking = "" if may_write else "Your role may read orders, not change them."
    ended = found.headline in {OrderStatus.CANCELLED, OrderStatus.RETURNED, OrderStatus.COMPLETED}
    over = "The order is over." if ended else ""
    manual = any(hold.reason == "manual" and hold.released_at is None for hold in found.holds)
    left = found.counters.ordered - found.counters.cancelled - found.counters.packed
    nothing = "" if left > 0 else "Every piece is packed or on its way: expect a return instead."
    release = Button(
        "release",
        "Release hold" if manual else "Check again",
        lacking or ("" if found.is_held else "The order is not held."),
    )
    hold = Button("hold", "Hold", lacking or over or ("A person holds it already." if manual else ""))
    stop = Button("cancel", "Cancel order", lacking or over or nothing)
    return [release, hold, stop] if found.is_held else [hold, stop, release]


def sketch_of(found: OrderDetail) -> Sketch | None:
    """The way of an order's parcels, or None where a coordinate is not known."""
    to = found.shipping_address
    places = {group.work.place.id: group.work.place for group in found.groups}.values()
    spots = [Spot(place.name, place.latitude, place.longitude) for place in places]
    return sketch.draw(spots, city=to.city, latitude=to.latitude, longitude=to.longitude)


def reader(ask: Ask, found: OrderDetail, currency: str) -> decision.Reader:
    """How decisions are told to whoever asks; what they cost is not the business of a location's staff."""
    money = currency if ask.principal.can(Permission.RULES_READ) else ""
    return decision.Reader(found.shipping_address, money, found.header.promised_at is not None)


def _why_here(found: OrderDetail, told: decision.Reader) -> dict[int, decision.Account]:
    """Why each piece of work is where it is, by its id."""
    return {
        group.work.id: told.account(group.decision, only=frozenset(line.line_no for line, _ in group.lines))
        for group in found.groups
        if group.decision is not None
    }


def _why_not(found: OrderDetail, told: decision.Reader) -> decision.Account | None:
    """Why lines have no location, if routing was asked for them."""
    waiting = frozenset(line.line_no for line, _ in found.unallocated)
    for each in found.decisions:
        if any(each.lacking(line) for line in each.receipt.lines if line.line_no in waiting):
            return told.account(each, only=waiting)
    return None


def _guard(ask: Ask, tx: ReadTx, order_id: int) -> None:
    if ask.location_id is not None and not list_view.concerns(
        tx, order_id=order_id, location_id=ask.location_id
    ):
        raise errors.NotFound(f"There is no order {order_id} at your location.")


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One order."""
    order_id = ask.number("order_id")
    with ask.app.db.read() as tx:
        _guard(ask, tx, order_id)
        found = view.detail(tx, order_id=order_id, now=ask.now)
        promised = promises.of_order(tx, order_id=order_id) if found.unallocated else []
        told = reader(ask, found, decisions.currency(tx, order_id=order_id))
        outages = network.outages(tx, at=ask.now)
        queues = {each.name: each for each in rules.compiled_rules(tx).document.queues}
    may_write = ask.principal.can(Permission.ORDERS_WRITE)
    context = {
        "order": found,
        "buttons": buttons(found, may_write=may_write),
        "may_write": may_write,
        "map": sketch_of(found),
        "why_here": _why_here(found, told),
        "outages": outages,
        "why_not": _why_not(found, told),
        "queue": queues.get(found.header.queue),
        "promised": [each for each in promised if each.state == "open"],
        "draft": ask.form.get("text", "") if toast is not None and toast.meaning == "danger" else "",
    }
    return page.render(ask, "orders/order.html", context, toast=toast, status=status)


def decided(ask: Ask) -> Response:
    """Every decision on the order in time, for whoever has to account for it."""
    order_id = ask.number("order_id")
    with ask.app.db.read() as tx:
        _guard(ask, tx, order_id)
        found = view.detail(tx, order_id=order_id, now=ask.now)
        told = reader(ask, found, decisions.currency(tx, order_id=order_id))
    context = {"order": found, "accounts": [told.account(each) for each in found.decisions]}
    return page.render(ask, "orders/decisions.html", context)


def decided_json(ask: Ask) -> Response:
    """The same to keep: every receipt as it is stored."""
    order_id = ask.number("order_id")
    with ask.app.db.read() as tx:
        found = view.detail(tx, order_id=order_id, now=ask.now)
    kept = {
        "order": found.header.number,
        "decisions": [decisions.exported(each) for each in found.decisions],
    }
    name = re.sub(r"[^A-Za-z0-9_-]", "", found.header.number) or str(order_id)
    headers = {
        "Content-Disposition": f'attachment; filename="decisions-{name}.json"',
        "Cache-Control": "no-store",
    }
    return Response(msgspec.json.encode(kept), media_type="application/json", headers=headers)


def _act(ask: Ask, verb: Callable[[WriteTx, OrderId], str]) -> Response:
    order_id = OrderId(ask.number("order_id"))
    return page.act(ask, lambda tx: verb(tx, order_id), show=show, back=f"{ROOT}/orders/{order_id}")


def hold(ask: Ask) -> Response:
    """Stop the order, with a reason for whoever finds it."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        approve.hold(tx, order_id=order_id, message=ask.form.get("message", ""), now=ask.now)
        return "The order is held: nothing more is routed, picked or shipped."

    return _act(ask, verb)


def release(ask: Ask) -> Response:
    """Let the order go on; the checks run again."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        approve.release(tx, order_id=order_id, now=ask.now)
        return "Released: the checks run again and the order goes on if they pass."

    return _act(ask, verb)


def cancel_order(ask: Ask) -> Response:
    """Cancel what is not packed yet."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        cancel.cancel(tx, order_id=order_id, reason=ask.form.get("reason", ""), now=ask.now)
        return "Cancelled: the stock is available again and the channel will be told."

    return _act(ask, verb)


def add_note(ask: Ask) -> Response:
    """Keep what a person writes."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        orders.add_note(tx, order_id=order_id, text=ask.form.get("text", ""), now=ask.now)
        return "Note added."

    return _act(ask, verb)


def retry_label(ask: Ask) -> Response:
    """Ask the carrier for this order's label again."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        shipment_id = ShipmentId(ask.number("shipment_id"))
        if parcels.shipment(tx, shipment_id=shipment_id).order_id != order_id:
            raise errors.NotFound("This parcel belongs to another order.")
        ship.retry_label(tx, shipment_id=shipment_id, now=ask.now)
        return "The carrier is asked again; the label appears here in a moment."

    return _act(ask, verb)


def retry_refund(ask: Ask) -> Response:
    """Ask the gateway for this order's refund again, after a person has looked there."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        refund_id = RefundId(ask.number("refund_id"))
        refund.retry(tx, refund_id=refund_id, now=ask.now)
        return "The gateway is asked again, with the same reference: it can be paid only once."

    return _act(ask, verb)


def label(ask: Ask) -> Response:
    """A parcel's label as PDF."""
    shipment_id = ShipmentId(ask.number("shipment_id"))
    with ask.app.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=shipment_id)
        ask.principal.require(Permission.FULFILLMENT_READ, at=shipment.location_id)
        pdf = parcels.label(tx, shipment_id=shipment_id)
    headers = {
        "Content-Disposition": f'inline; filename="label-{shipment.reference}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(pdf, media_type="application/pdf", headers=headers)


ROUTES: Routes = (
    Read("/orders/{order_id:int}", show, Permission.ORDERS_READ),
    Read("/orders/{order_id:int}/decisions", decided, Permission.ORDERS_READ),
    Read("/orders/{order_id:int}/decisions.json", decided_json, Permission.RULES_READ),
    Read("/labels/{shipment_id:int}.pdf", label, Permission.FULFILLMENT_READ),
    Verb("/orders/{order_id:int}/hold", hold, Permission.ORDERS_WRITE),
    Verb("/orders/{order_id:int}/release", release, Permission.ORDERS_WRITE),
    Verb("/orders/{order_id:int}/cancel", cancel_order, Permission.ORDERS_WRITE),
    Verb("/orders/{order_id:int}/notes", add_note, Permission.ORDERS_WRITE),
    Verb(
        "/orders/{order_id:int}/shipments/{shipment_id:int}/retry-label", retry_label, Permission.ORDERS_WRITE
    ),
    Verb("/orders/{order_id:int}/refunds/{refund_id:int}/retry", retry_refund, Permission.ORDERS_WRITE),
)
