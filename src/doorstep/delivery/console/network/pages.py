"""The network: tariffs and calendars as they hold, their document to be changed, and what one location does today."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask, here
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.fulfillment import views as fulfillment
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import actions, views
from doorstep.domain.network.model import site, text
from doorstep.flows.network import location_status, network_change, outage_control
from doorstep.flows.network.network_change import Preview
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Who brings what where, at what price and how fast, who is out; and what is said of every location."""
    with ask.app.db.read() as tx:
        outages, carriers = views.outages(tx, at=ask.now), outage_control.carriers(tx)
        document, versions = views.document(tx), views.versions(tx, limit=10)
        places = [each for each in views.locations(tx).values() if each.active]
        pauses = views.pauses(tx, at=ask.now)
    context = {
        "document": document,
        "versions": versions,
        "sites": [(each, site(document, each)) for each in places],
        "pauses": pauses,
        "outages": outages,
        "carriers": [each for each in carriers if each not in outages],
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
        "may_write": ask.principal.can(Permission.RULES_WRITE),
    }
    return page.render(ask, "network/network.html", context, toast=toast, status=status)


def carrier_out(ask: Ask) -> Response:
    """A carrier gets no parcels from now on; what is planned with it goes another way."""

    def verb(tx: WriteTx) -> str:
        carrier, reason = ask.form.get("carrier", ""), ask.form.get("reason", "")
        until_at = _moment(ask.form.get("until", ""))
        outage_control.start(
            tx,
            carrier=carrier,
            reason=reason,
            until_at=None if until_at is None else until_at.replace(tzinfo=ask.zone),
            now=ask.now,
        )
        return f"{carrier} is out: planned work goes another way where there is one."

    return page.act(ask, verb, show=show, back=f"{ROOT}/network")


def carrier_back(ask: Ask) -> Response:
    """A carrier gets parcels again."""

    def verb(tx: WriteTx) -> str:
        carrier = ask.form.get("carrier", "")
        outage_control.end(tx, carrier=carrier, now=ask.now)
        return f"{carrier} gets parcels again: orders that wait are tried now."

    return page.act(ask, verb, show=show, back=f"{ROOT}/network")


def edit(
    ask: Ask, toast: Toast | None = None, status: int = 200, proposal: Preview | None = None
) -> Response:
    """The document as YAML; what was typed stays."""
    with ask.app.db.read() as tx:
        written = ask.form.get("document") or text.write(views.document(tx))
    context = {"document": written, "note": ask.form.get("note", ""), "proposal": proposal}
    return page.render(ask, "network/network_edit.html", context, toast=toast, status=status)


def look(ask: Ask) -> Response:
    """What the typed document would change; nothing is changed."""
    try:
        document = text.read(ask.form.get("document", ""))
        with ask.app.db.read() as tx:
            proposal = network_change.preview(tx, document=document, at=ask.now)
    except errors.Invalid as problem:
        return edit(ask, Toast(problem.message, "danger"), page.status_of(problem))
    return edit(ask, proposal=proposal)


def apply(ask: Ask) -> Response:
    """Let the typed document hold from the next order on."""
    try:
        document = text.read(ask.form.get("document", ""))
        with ask.app.db.write(actor=ask.principal.actor, trace_id=ask.trace_id) as tx:
            network_change.apply(tx, document=document, note=ask.form.get("note", ""), at=ask.now)
    except errors.Invalid as problem:
        return edit(ask, Toast(problem.message, "danger"), page.status_of(problem))
    return page.go(ask, f"{ROOT}/network", "It holds from the next order on.")


def location(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One location: hours ahead, cut-offs, how full its shifts are, how fast it works, whether it is paused."""
    place = here(ask, ask.number("location_id"))
    with ask.app.db.read() as tx:
        found = location_status.load(tx, location_id=place, at=ask.now)
        before = fulfillment.open_units(tx).get(place, 0)
    context = {
        "found": found,
        "open_units": before,
        "may_pause": ask.principal.can(Permission.FULFILLMENT_WRITE),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "network/location.html", context, toast=toast, status=status)


def pause(ask: Ask) -> Response:
    """Nothing is routed to the location any more; what it has stays."""
    place = here(ask, ask.number("location_id"))

    def verb(tx: WriteTx) -> str:
        until_at = _until(tx, place, ask.form.get("until", ""))
        actions.pause(tx, location_id=place, reason=ask.form.get("reason", ""), until_at=until_at, at=ask.now)
        return "Paused: nothing new is routed here. What is here already stays."

    return page.act(ask, verb, show=location, back=f"{ROOT}/locations/{place}")


def resume(ask: Ask) -> Response:
    """The location gets work again."""
    place = here(ask, ask.number("location_id"))

    def verb(tx: WriteTx) -> str:
        actions.resume(tx, location_id=place, at=ask.now)
        return "The location gets work again."

    return page.act(ask, verb, show=location, back=f"{ROOT}/locations/{place}")


def _until(tx: WriteTx, place: LocationId, typed: str) -> datetime | None:
    """A moment on the location's clock; None if nothing was typed."""
    local = _moment(typed)
    if local is None:
        return None
    return location_status.to_instant(tx, location_id=place, local=local)


def _moment(typed: str) -> datetime | None:
    """A day and time as they were typed, on nobody's clock yet; None if nothing was typed."""
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=None)
    except ValueError:
        raise errors.Invalid(f"{typed!r} is no day and time.", field="until") from None


ROUTES: Routes = (
    Read("/locations/{location_id:int}", location, Permission.FULFILLMENT_READ),
    Read("/network", show, Permission.RULES_READ),
    Read("/network/edit", edit, Permission.RULES_WRITE),
    Verb("/locations/{location_id:int}/pause", pause, Permission.FULFILLMENT_WRITE),
    Verb("/locations/{location_id:int}/resume", resume, Permission.FULFILLMENT_WRITE),
    Verb("/network/carrier-out", carrier_out, Permission.RULES_WRITE),
    Verb("/network/carrier-back", carrier_back, Permission.RULES_WRITE),
    Verb("/network/edit/look", look, Permission.RULES_WRITE),
    Verb("/network/edit/apply", apply, Permission.RULES_WRITE),
)
