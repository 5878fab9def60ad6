"""The board of a location, and the station where one fulfillment order is picked and packed."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import formats, labels, page
from doorstep.delivery.console.fulfillment import forms, lists
from doorstep.delivery.console.orders.explanation import Explainer, Explanation
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest, here
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import decisions
from doorstep.domain.analytics.views import work as view
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.domain.shipping import views as parcels
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.flows.fulfillment import recall as recalls
from doorstep.flows.shipping import consolidation
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import FulfillmentOrderId

REASONS = {
    RejectReason.NOT_IN_STOCK: _m("The stock at this location is set to zero."),
    RejectReason.DAMAGED: _m("These units are written off."),
    RejectReason.MISMATCH: _m("These units are written off."),
    RejectReason.STORE_CLOSED: _m("Stock stays as it is."),
    RejectReason.RECALLED: _m("Stock stays as it is."),
    RejectReason.NO_CAPACITY: _m("Stock stays as it is."),
}
STEPS_DONE = {State.OPEN: 2, State.ACCEPTED: 2, State.PICKED: 3, State.PACKED: 4, State.SHIPPED: 5}


def locations(req: PageRequest) -> Response:
    """Every location with what waits there, or those as CSV; staff go straight to theirs."""
    if req.location_id is not None:
        return RedirectResponse(f"{ROOT}/fulfillment/{req.location_id}", status_code=303)
    listed = lists.load_list(req.now)
    if listed.wants_csv(req):
        return listed.csv(req)
    with req.app.db.read() as tx:
        found = listed.load(req, tx)
    return page.render(req, "fulfillment/locations.html", {"list": found})


def board(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """A location's work by what is to be done next."""
    location_id = here(req, req.number("location_id"))
    with req.app.db.read() as tx:
        location = network.location(tx, location_id=location_id)
        found = view.board(tx, location_id=location_id, timezone=location.timezone, now=req.now)
    may_write = req.principal.can(Permission.FULFILLMENT_WRITE)
    columns = [
        ("to-accept", _("To accept"), found.to_accept, _("New fulfillment orders appear here.")),
        ("to-pick", _("To pick"), found.to_pick, _("Accepted orders appear here.")),
        ("to-pack", _("To pack"), found.to_pack, _("Picked orders appear here.")),
        ("to-ship", _("To ship or hand over"), found.to_ship, _("Packed orders appear here.")),
    ]
    elsewhere = not page.same_clock(ZoneInfo(location.timezone), req.zone, req.now)
    city = formats.place_of(ZoneInfo(location.timezone))
    zone = _("{place} time").format(place=city) if elsewhere else ""
    context = {"location": location, "board": found, "columns": columns, "may_write": may_write, "zone": zone}
    return page.render(req, "fulfillment/board.html", context, toast=toast, status=status)


def _why_here(req: PageRequest, tx: ReadTx, job: view.Job) -> Explanation | None:
    """Why the work is at its location, in the words of the order page."""
    made = decisions.of_work(tx, fulfillment_order_id=job.card.id)
    if made is None:
        return None
    order_id = job.card.order_id
    currency = decisions.currency(tx, order_id=order_id) if req.principal.can(Permission.RULES_READ) else ""
    by = Explainer(None, currency, decisions.is_promised(tx, order_id=order_id))
    return by.explain(made, only=frozenset(each.line_no for each in job.card.lines))


def station(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One fulfillment order, to be worked on."""
    with req.app.db.read() as tx:
        job = view.job(tx, fulfillment_order_id=req.number("work_id"), now=req.now)
        shares = work_views.companions(tx, fulfillment_order_id=job.card.id)
        outages = network.outages(tx, at=req.now)
        why_here = _why_here(req, tx, job)
    here(req, job.card.location.id)
    companions = [each for each in shares if each.fulfillment_order_id != job.card.id]
    unpacked = [each for each in companions if each.state is not State.PACKED]
    is_scan = req.http.url.path.endswith("/pick")
    is_packed = job.card.state is State.PACKED
    context = {
        "job": job,
        "reasons": [
            (key.value, labels.label("reject_reason", key), _(effect)) for key, effect in REASONS.items()
        ],
        "companions": companions,
        "outages": outages,
        "why_here": why_here,
        "unpacked_companions": unpacked if is_packed and not job.card.label_state else [],
        "may_write": req.principal.can(Permission.FULFILLMENT_WRITE),
        "waits_for_label": is_packed and not job.card.pickup and job.card.label_state in {"", "requested"},
        "scan": toast if is_scan else None,
        "done": STEPS_DONE.get(job.card.state, 1),
        "parcel_count": forms.parcel_count(
            req.form.get("parcels") or req.http.query_params.get("parcels", "")
        ),
    }
    return page.render(
        req,
        "fulfillment/station.html",
        context,
        toast=None if is_scan and req.is_fragment else toast,
        status=status,
    )


def _act(req: PageRequest, verb: Callable[[WriteTx, FulfillmentOrderId], str]) -> Response:
    work_id = FulfillmentOrderId(req.number("work_id"))
    with req.app.db.read() as tx:
        location = view.job(tx, fulfillment_order_id=work_id, now=req.now).card.location
    req.principal.require(Permission.FULFILLMENT_WRITE, at=here(req, location.id))
    return page.act(req, lambda tx: verb(tx, work_id), show=station, back=f"{ROOT}/station/{work_id}")


def accept(req: PageRequest) -> Response:
    """Accept the work."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        fulfill.accept(tx, fulfillment_order_id=work_id, version=req.whole("version"), now=req.now)
        return _("Accepted. Scan the first item.")

    return _act(req, verb)


def pick(req: PageRequest) -> Response:
    """Pick one unit by its barcode or SKU."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        code = forms.Scan.of(req.form).code
        line = fulfill.pick(tx, fulfillment_order_id=work_id, code=code, now=req.now)
        done = _("{part} of {whole}").format(part=line.picked + 1, whole=line.quantity)
        return f"{line.sku}: {done}"

    return _act(req, verb)


def pick_all(req: PageRequest) -> Response:
    """Mark the rest as picked without scanning."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        fulfill.pick_all(tx, fulfillment_order_id=work_id, version=req.whole("version"), now=req.now)
        return _("Picked without scanning. Check the items again while packing.")

    return _act(req, verb)


def pack(req: PageRequest) -> Response:
    """Close the parcel; the label is requested."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        packing.pack(tx, fulfillment_order_id=work_id, version=req.whole("version"), now=req.now)
        return _("Packed.")

    return _act(req, verb)


def pack_parcels(req: PageRequest) -> Response:
    """Close several parcels; each gets its label."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        packed = forms.parcels(req.form)
        packing.pack_parcels(
            req.app.context,
            tx,
            fulfillment_order_id=work_id,
            parcels=packed,
            version=req.whole("version"),
            now=req.now,
        )
        return counted(len(packed), "Packed in {n} parcel.", "Packed in {n} parcels.")

    return _act(req, verb)


def ship_parcel(req: PageRequest) -> Response:
    """Hand one of several parcels to the carrier."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        shipment = parcels.shipment(tx, shipment_id=req.number("shipment_id"))
        if shipment.fulfillment_order_id != work_id:
            raise errors.NotFound(_("This parcel belongs to another fulfillment order."))
        packing.ship_parcel(tx, shipment_id=shipment.id, now=req.now)
        return _("Shipped. The stock is reduced and the customer is notified.")

    return _act(req, verb)


def ship(req: PageRequest) -> Response:
    """Hand the parcels to the carrier."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        packing.ship(tx, fulfillment_order_id=work_id, version=req.whole("version"), now=req.now)
        return _("Shipped. The stock is reduced and the customer is notified.")

    return _act(req, verb)


def recall(req: PageRequest) -> Response:
    """Recall the work to route it to another location."""
    req.principal.require(Permission.ORDERS_WRITE)

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        form = forms.Recall.of(req.form)
        is_gone = recalls.request(
            tx, fulfillment_order_id=work_id, why=form.why, version=form.version, now=req.now
        )
        return (
            _("It is routed to another location now.")
            if is_gone
            else _("Recall requested. The location can approve or decline it.")
        )

    return _act(req, verb)


def keep(req: PageRequest) -> Response:
    """Keep work that operations has recalled."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        recalls.decline(tx, fulfillment_order_id=work_id, note=req.form.get("note", ""), now=req.now)
        return _("Recall declined. Operations is notified.")

    return _act(req, verb)


def close(req: PageRequest) -> Response:
    """Close the parcel without the orders that were to join it."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        consolidation.close(req.app.context, tx, fulfillment_order_id=work_id, now=req.now)
        return _("Closed. The label is requested.")

    return _act(req, verb)


def reject(req: PageRequest) -> Response:
    """Reject the work; it is routed to another location."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        form = forms.Reject.of(req.form)
        fulfill.reject(tx, fulfillment_order_id=work_id, reason=form.reason, note=form.note, now=req.now)
        return _("Rejected. The order is routed to another location.")

    return _act(req, verb)


ROUTES: Routes = (
    Read("/fulfillment", locations, Permission.FULFILLMENT_READ),
    Read("/fulfillment/{location_id:int}", board, Permission.FULFILLMENT_READ),
    Read("/station/{work_id:int}", station, Permission.FULFILLMENT_READ),
    Verb("/station/{work_id:int}/accept", accept, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/pick", pick, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/pick-all", pick_all, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/pack", pack, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/pack-parcels", pack_parcels, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/ship", ship, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/parcels/{shipment_id:int}/ship", ship_parcel, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/close", close, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/recall", recall, Permission.ORDERS_WRITE),
    Verb("/station/{work_id:int}/keep", keep, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/reject", reject, Permission.FULFILLMENT_WRITE),
)
