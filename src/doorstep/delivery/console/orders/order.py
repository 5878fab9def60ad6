"""The order page and the verbs of an order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.orders import forms, small_map
from doorstep.delivery.console.orders.explanation import Explainer, Explanation
from doorstep.delivery.console.orders.small_map import MapPoint, Sketch
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.model import MEDIA
from doorstep.domain.analytics.views import decisions
from doorstep.domain.analytics.views import order as view
from doorstep.domain.analytics.views import orders as list_view
from doorstep.domain.analytics.views.order import OrderDetail
from doorstep.domain.connections.model import Medium, choice
from doorstep.domain.connections.model.choice import Serves
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.views import promises
from doorstep.domain.network import views as network
from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications import views as messages
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import OrderStatus
from doorstep.domain.payments import views as payments
from doorstep.domain.routing.views import rules
from doorstep.domain.shipping import views as parcels
from doorstep.flows.capture import approve
from doorstep.flows.fulfillment import cancel
from doorstep.flows.notify import drafts, replies
from doorstep.flows.payments import refund
from doorstep.flows.shipping import ship
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import OrderId, RefundId, ShipmentId


@dataclass(frozen=True, slots=True)
class Button:
    """A verb of the page; `why_not` says why it is not possible now (empty: it is)."""

    key: str
    label: str
    why_not: str = ""


def buttons(found: OrderDetail, *, may_write: bool) -> list[Button]:
    """The verbs of an order, the most likely one first; one that could never apply is left out."""
    lacking = "" if may_write else _("Your role can view orders, not change them.")
    ended = found.headline in {OrderStatus.CANCELED, OrderStatus.RETURNED, OrderStatus.COMPLETED}
    manual = any(hold.reason == "manual" and hold.released_at is None for hold in found.holds)
    left = found.counters.ordered - found.counters.canceled - found.counters.packed
    packed = "" if left > 0 else _("Every item is packed or shipped. Wait for a return instead.")
    release = Button("release", _("Release hold") if manual else _("Check again"), lacking)
    hold = Button("hold", _("Hold"), lacking)
    cancel_it = Button("cancel", _("Cancel order"), lacking or packed)
    possible = ((release, found.is_held), (hold, not ended and not manual), (cancel_it, not ended))
    return [button for button, applies in possible if applies]


def map_of(found: OrderDetail) -> Sketch | None:
    """The way of an order's parcels, or None where a coordinate is not known."""
    to = found.shipping_address
    locations = {group.work.location.id: group.work.location for group in found.groups}.values()
    spots = [MapPoint(location.name, location.latitude, location.longitude) for location in locations]
    return small_map.draw(spots, city=to.city, latitude=to.latitude, longitude=to.longitude)


def explainer(req: PageRequest, found: OrderDetail, currency: str) -> Explainer:
    """How decisions are explained to this person; staff of a location see no costs."""
    visible = currency if req.principal.can(Permission.RULES_READ) else ""
    return Explainer(found.shipping_address, visible, found.header.promised_at is not None)


def _why_here(found: OrderDetail, by: Explainer) -> dict[int, Explanation]:
    """Why each fulfillment order is where it is, by its id."""
    return {
        group.work.id: by.explain(
            group.decision, only=frozenset(line.line_no for line, _quantity in group.lines)
        )
        for group in found.groups
        if group.decision is not None
    }


def _why_not(found: OrderDetail, by: Explainer) -> Explanation | None:
    """Why lines are not allocated, if routing has tried."""
    waiting = frozenset(line.line_no for line, _quantity in found.unallocated)
    for each in found.decisions:
        if any(each.lacking(line) for line in each.explanation.lines if line.line_no in waiting):
            return by.explain(each, only=waiting)
    return None


def _guard(req: PageRequest, tx: ReadTx, order_id: int) -> None:
    if req.location_id is not None and not list_view.concerns(
        tx, order_id=order_id, location_id=req.location_id
    ):
        raise errors.NotFound(_("There is no order {order} at your location.").format(order=order_id))


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One order."""
    order_id = req.number("order_id")
    with req.app.db.read() as tx:
        _guard(req, tx, order_id)
        found = view.detail(tx, order_id=order_id, now=req.now)
        promised = promises.of_order(tx, order_id=order_id) if found.unallocated else []
        by = explainer(req, found, decisions.currency(tx, order_id=order_id))
        outages = network.outages(tx, at=req.now)
        names = list_view.event_names(tx)
        texts = messages.texts(tx, order_id=order_id)
        choices = _choices(req, tx, found)
        at_warehouses = work_views.warehouse_orders(tx, order_id=order_id)
        queues = {each.name: each for each in rules.compiled_rules(tx).document.queues}
    may_write = req.principal.can(Permission.ORDERS_WRITE)
    context = {
        "order": found,
        "buttons": buttons(found, may_write=may_write),
        "may_write": may_write,
        "map": map_of(found),
        "why_here": _why_here(found, by),
        "outages": outages,
        "warehouses": {each.fulfillment_order_id: each for each in at_warehouses},
        "names": names,
        "why_not": _why_not(found, by),
        "why_no_message": _why_no_message(req, found),
        "media": MEDIA,
        "texts": texts,
        "choices": choices,
        "queue": queues.get(found.header.queue),
        "promised": [each for each in promised if each.state == "open"],
    }
    return page.render(req, "orders/order.html", context, toast=toast, status=status)


def _choices(req: PageRequest, tx: ReadTx, found: OrderDetail) -> dict[str, messages.Choice | None]:
    """By messenger to phone numbers that serves the order: what the customer chose, or None if nothing."""
    number = drafts.number_of(found.shipping_address, found.billing_address)
    if not number:
        return {}
    known = {each.connection: each for each in messages.choices(tx, addresses=[number])}
    chosen = [
        choice.choose(req.app.registry.messengers(medium), Serves.CHANNELS, found.header.channel)
        for medium in Medium
        if medium.needs_phone
    ]
    return {each.key: known.get(each.key) for each in chosen if each is not None}


def _why_no_message(req: PageRequest, found: OrderDetail) -> str:
    """Why the customer got no message."""
    if not (found.shipping_address.email or found.billing_address.email):
        return _("No message is sent: the order has no e-mail address.")
    messengers = req.app.registry.messengers(Medium.EMAIL)
    if not messengers:
        return _("No message is sent: no mail connection is on.")
    if choice.choose(messengers, Serves.CHANNELS, found.header.channel) is None:
        return _("No message is sent: no mail connection serves this sales channel.")
    return _("No message was sent yet. What happened before a mail connection was on sends none.")


def decided(req: PageRequest) -> Response:
    """Every routing decision on the order."""
    order_id = req.number("order_id")
    with req.app.db.read() as tx:
        _guard(req, tx, order_id)
        found = view.detail(tx, order_id=order_id, now=req.now)
        by = explainer(req, found, decisions.currency(tx, order_id=order_id))
    context = {"order": found, "explanations": [by.explain(each) for each in found.decisions]}
    return page.render(req, "orders/decisions.html", context)


def decided_json(req: PageRequest) -> Response:
    """The same as JSON: every decision as it is stored."""
    order_id = req.number("order_id")
    with req.app.db.read() as tx:
        found = view.detail(tx, order_id=order_id, now=req.now)
    kept = {
        "order": found.header.number,
        "decisions": [decisions.exported(each) for each in found.decisions],
    }
    name = re.sub(r"[^A-Za-z0-9_-]", "", found.header.number) or str(order_id)
    headers = {
        "Content-Disposition": f'attachment; filename="decisions-{name}.json"',
        "Cache-Control": "no-store",
    }
    return Response(msgspec.json.encode(kept, enc_hook=str), media_type="application/json", headers=headers)


def _act(req: PageRequest, verb: Callable[[WriteTx, OrderId], str]) -> Response:
    order_id = OrderId(req.number("order_id"))
    return page.act(req, lambda tx: verb(tx, order_id), show=show, back=f"{ROOT}/orders/{order_id}")


def hold(req: PageRequest) -> Response:
    """Hold the order, with a reason."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        form = forms.Hold.of(req.form)
        approve.hold(tx, order_id=order_id, reason=form.reason, now=req.now)
        return _("The order is held. It is not routed, picked or shipped until it is released.")

    return _act(req, verb)


def release(req: PageRequest) -> Response:
    """Release the holds of the order; the checks run again."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        approve.release(tx, order_id=order_id, now=req.now)
        return _("Released. The checks run again; the order continues if they pass.")

    return _act(req, verb)


def cancel_order(req: PageRequest) -> Response:
    """Cancel what is not packed yet."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        form = forms.Cancel.of(req.form)
        if cancel.cancel(tx, order_id=order_id, reason=form.reason, now=req.now):
            return _("The warehouse is asked to stop. What it has not packed is canceled when it answers.")
        return _("Canceled. The stock is available again.")

    return _act(req, verb)


def add_note(req: PageRequest) -> Response:
    """Add a note to the order."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        orders.add_note(tx, order_id=order_id, text=forms.Note.of(req.form).text, now=req.now)
        return _("Note added.")

    return _act(req, verb)


def handle_texts(req: PageRequest) -> Response:
    """What the customer wrote is handled."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        notifications.handle_texts(tx, order_id=order_id, at=req.now)
        return _("Handled. The order needs no attention for it any more.")

    return _act(req, verb)


def choose_messages(req: PageRequest) -> Response:
    """The customer wants no messages of a connection, or wants them again."""
    connection = req.app.registry.by_key(str(req.http.path_params["connection"]))
    ends = req.http.path_params["choice"] == "stop"

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        replies.choose(tx, order_id=order_id, connection_id=connection.id, is_opted_out=ends, now=req.now)
        if ends:
            return _("The customer gets no more messages by %(name)s.") % {"name": connection.name}
        return _("The customer gets messages by %(name)s again.") % {"name": connection.name}

    return _act(req, verb)


def retry_label(req: PageRequest) -> Response:
    """Ask the carrier for a label of this order again."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        shipment_id = ShipmentId(req.number("shipment_id"))
        if parcels.shipment(tx, shipment_id=shipment_id).order_id != order_id:
            raise errors.NotFound(_("This parcel belongs to another order."))
        ship.retry_label(tx, shipment_id=shipment_id, now=req.now)
        return _("The label is requested again. It appears here in a moment.")

    return _act(req, verb)


def retry_refund(req: PageRequest) -> Response:
    """Request a refund of this order again, with the same reference."""

    def verb(tx: WriteTx, order_id: OrderId) -> str:
        refund_id = RefundId(req.number("refund_id"))
        if payments.refund(tx, refund_id=refund_id).order_id != order_id:
            raise errors.NotFound(_("This refund belongs to another order."))
        refund.retry(tx, refund_id=refund_id, now=req.now)
        return _("The refund is requested again with the same reference, so it cannot be paid twice.")

    return _act(req, verb)


def label(req: PageRequest) -> Response:
    """A parcel's label as PDF."""
    shipment_id = ShipmentId(req.number("shipment_id"))
    with req.app.db.read() as tx:
        shipment = parcels.shipment(tx, shipment_id=shipment_id)
        req.principal.require(Permission.FULFILLMENT_READ, at=shipment.location_id)
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
    Verb("/orders/{order_id:int}/handle-texts", handle_texts, Permission.ORDERS_WRITE),
    Verb("/orders/{order_id:int}/messages/{connection}/{choice}", choose_messages, Permission.ORDERS_WRITE),
    Verb(
        "/orders/{order_id:int}/shipments/{shipment_id:int}/retry-label", retry_label, Permission.ORDERS_WRITE
    ),
    Verb("/orders/{order_id:int}/refunds/{refund_id:int}/retry", retry_refund, Permission.ORDERS_WRITE),
)
