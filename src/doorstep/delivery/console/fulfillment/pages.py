"""The fulfillment board of a location, and the station where one fulfillment order is picked and packed."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import page, words
from doorstep.delivery.console.ask import ROOT, Ask, here
from doorstep.delivery.console.orders import decision
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import decisions
from doorstep.domain.analytics.views import work as view
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.flows.fulfillment import fulfill
from doorstep.flows.fulfillment import recall as back
from doorstep.flows.shipping import consolidation
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId

REASONS = {
    RejectReason.NOT_IN_STOCK: ("Not on the shelf", "The shelf is counted as empty."),
    RejectReason.DAMAGED: ("Damaged", "These pieces are written off."),
    RejectReason.MISMATCH: ("Wrong item on the shelf", "These pieces are written off."),
    RejectReason.STORE_CLOSED: ("Location is closed", "Stock stays as it is."),
    RejectReason.ASKED_BACK: ("Operations asked for it", "Stock stays as it is."),
    RejectReason.NO_CAPACITY: ("No time or people today", "Stock stays as it is."),
}


def locations(ask: Ask) -> Response:
    """Every location with what waits there; staff go straight to theirs."""
    if ask.location_id is not None:
        return RedirectResponse(f"{ROOT}/fulfillment/{ask.location_id}", status_code=303)
    with ask.app.db.read() as tx:
        loads = view.loads(tx, now=ask.now)
    return page.render(ask, "fulfillment/locations.html", {"loads": loads})


def board(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """A location's work by what is to be done next."""
    location_id = here(ask, ask.number("location_id"))
    with ask.app.db.read() as tx:
        location = network.location(tx, location_id=location_id)
        found = view.board(tx, location_id=location_id, timezone=location.timezone, now=ask.now)
    may_write = ask.principal.can(Permission.FULFILLMENT_WRITE)
    columns = [
        ("to-accept", "To accept", found.to_accept, "New work appears here by itself."),
        ("to-pick", "To pick", found.to_pick, "Accept work to fill this column."),
        ("to-pack", "To pack", found.to_pack, "Picked work waits here for its box."),
        ("to-ship", "To ship", found.to_ship, "Packed boxes wait here for the carrier."),
    ]
    elsewhere = not page.same_clock(ZoneInfo(location.timezone), ask.zone, ask.now)
    zone = f" {words.place_of(ZoneInfo(location.timezone))} time" if elsewhere else ""
    context = {"location": location, "board": found, "columns": columns, "may_write": may_write, "zone": zone}
    return page.render(ask, "fulfillment/board.html", context, toast=toast, status=status)


def station(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One fulfillment order, to be worked on."""
    with ask.app.db.read() as tx:
        job = view.job(tx, fulfillment_order_id=ask.number("work_id"), now=ask.now)
        shares = work_views.companions(tx, fulfillment_order_id=job.card.id)
        outages = network.outages(tx, at=ask.now)
        decided = decisions.of_work(tx, fulfillment_order_id=job.card.id)
    here(ask, job.card.place.id)
    mates = [each for each in shares if each.fulfillment_order_id != job.card.id]
    unpacked = [each for each in mates if each.state is not State.PACKED]
    lines = frozenset(each.line_no for each in job.card.lines)
    is_scan = ask.request.url.path.endswith("/pick")
    context = {
        "job": job,
        "reasons": REASONS,
        "mates": mates,
        "outages": outages,
        "why_here": None if decided is None else decision.Reader(None, "").account(decided, only=lines),
        "waits_for_mates": unpacked if job.card.state is State.PACKED and not job.card.label_state else [],
        "may_write": ask.principal.can(Permission.FULFILLMENT_WRITE),
        "waits_for_label": job.card.state is State.PACKED
        and not job.card.pickup
        and job.card.label_state in {"", "requested"},
        "scan": toast if is_scan else None,
        "scanned": ask.form.get("code", "") if is_scan else "",
    }
    return page.render(
        ask,
        "fulfillment/station.html",
        context,
        toast=None if is_scan and ask.is_fragment else toast,
        status=status,
    )


def _act(ask: Ask, verb: Callable[[WriteTx, FulfillmentOrderId], str]) -> Response:
    work_id = FulfillmentOrderId(ask.number("work_id"))
    with ask.app.db.read() as tx:
        place = view.job(tx, fulfillment_order_id=work_id, now=ask.now).card.place
    ask.principal.require(Permission.FULFILLMENT_WRITE, at=here(ask, place.id))
    return page.act(ask, lambda tx: verb(tx, work_id), show=station, back=f"{ROOT}/station/{work_id}")


def accept(ask: Ask) -> Response:
    """The location takes the work."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        fulfill.accept(tx, fulfillment_order_id=work_id, version=ask.whole("version"), now=ask.now)
        return "Accepted: scan the first piece."

    return _act(ask, verb)


def pick(ask: Ask) -> Response:
    """One scan picks one piece."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        code = ask.form.get("code", "").strip()
        if not code:
            raise errors.Invalid("Scan a barcode, or type the SKU.", field="code")
        line = fulfill.pick(tx, fulfillment_order_id=work_id, code=code, now=ask.now)
        return f"{line.sku}: {line.picked + 1} of {line.quantity}"

    return _act(ask, verb)


def pick_all(ask: Ask) -> Response:
    """Everything left is picked, on a person's word."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        fulfill.pick_all(tx, fulfillment_order_id=work_id, version=ask.whole("version"), now=ask.now)
        return "Picked without scanning: check the pieces once more while packing."

    return _act(ask, verb)


def pack(ask: Ask) -> Response:
    """The box is closed; the label is bought."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        fulfill.pack(tx, fulfillment_order_id=work_id, version=ask.whole("version"), now=ask.now)
        return "Packed: the label is on its way."

    return _act(ask, verb)


def ship(ask: Ask) -> Response:
    """The parcel is handed to the carrier."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        fulfill.ship(tx, fulfillment_order_id=work_id, version=ask.whole("version"), now=ask.now)
        return "Shipped: stock is booked out, the customer will be told."

    return _act(ask, verb)


def ask_back(ask: Ask) -> Response:
    """Operations wants it elsewhere."""
    ask.principal.require(Permission.ORDERS_WRITE)

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        gone = back.request(
            tx,
            fulfillment_order_id=work_id,
            why=ask.form.get("why", ""),
            version=ask.whole("version"),
            now=ask.now,
        )
        return "It goes elsewhere now." if gone else "Asked: the location has accepted it and answers."

    return _act(ask, verb)


def keep(ask: Ask) -> Response:
    """The location keeps what was asked back."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        back.decline(tx, fulfillment_order_id=work_id, note=ask.form.get("note", ""), now=ask.now)
        return "Kept: operations is told."

    return _act(ask, verb)


def close(ask: Ask) -> Response:
    """The rest for this customer is not waited for."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        consolidation.close(ask.app.context, tx, fulfillment_order_id=work_id, now=ask.now)
        return "Closed: the label is on its way."

    return _act(ask, verb)


def reject(ask: Ask) -> Response:
    """The location cannot do it; the lines go elsewhere."""

    def verb(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
        reason = ask.form.get("reason", "")
        if reason not in set(REASONS):
            raise errors.Invalid("Choose why this cannot be done here.", field="reason")
        note = ask.form.get("note", "").strip()
        fulfill.reject(tx, fulfillment_order_id=work_id, reason=RejectReason(reason), note=note, now=ask.now)
        return "Rejected: another location is looked for now."

    return _act(ask, verb)


ROUTES: Routes = (
    Read("/fulfillment", locations, Permission.FULFILLMENT_READ),
    Read("/fulfillment/{location_id:int}", board, Permission.FULFILLMENT_READ),
    Read("/station/{work_id:int}", station, Permission.FULFILLMENT_READ),
    Verb("/station/{work_id:int}/accept", accept, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/pick", pick, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/pick-all", pick_all, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/pack", pack, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/ship", ship, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/close", close, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/ask-back", ask_back, Permission.ORDERS_WRITE),
    Verb("/station/{work_id:int}/keep", keep, Permission.FULFILLMENT_WRITE),
    Verb("/station/{work_id:int}/reject", reject, Permission.FULFILLMENT_WRITE),
)
