"""The network: tariffs, locations, carrier outages, its configuration as YAML, and one location today."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import labels, page
from doorstep.delivery.console.network import forms, lists
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest, here
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import actions, views
from doorstep.domain.network.model import text
from doorstep.flows.network import location_status, network_change, outage_control
from doorstep.flows.network.network_change import Preview
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _


def _carrier_names(req: PageRequest, tx: ReadTx) -> dict[str, str]:
    """The names of carriers by key: that of the connection, or else of its connector."""
    known = req.app.registry.connectors
    labels_by_id = {name: each.label for (kind, name), each in known.items() if kind is Kind.CARRIERS}
    connected = {
        each.key: each.name or labels_by_id.get(each.connector_id, each.key)
        for each in connections.all_connections(tx)
        if each.kind == Kind.CARRIERS
    }
    return labels_by_id | connected


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Tariffs, carrier outages, locations, and the versions of the configuration; or the locations as CSV."""
    with req.app.db.read() as tx:
        outages, carriers = views.outages(tx, at=req.now), outage_control.carriers(tx)
        names = _carrier_names(req, tx)
        document, versions = views.document(tx), views.versions(tx, limit=10)
        known = list(views.locations(tx).values())
        listed = lists.location_list(known, document, views.pauses(tx, at=req.now).keys())
        if listed.wants_csv(req):
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {
        "document": document,
        "versions": versions,
        "list": found,
        "closed": [each for each in known if not each.active],
        "outages": outages,
        "carrier_names": names,
        "day_ranges": labels.day_ranges,
        "carriers": [each for each in carriers if each not in outages],
        "may_write": req.principal.can(Permission.RULES_WRITE),
    }
    return page.render(req, "network/network.html", context, toast=toast, status=status)


def carrier_out(req: PageRequest) -> Response:
    """Start a carrier outage; planned work is routed another way."""

    def verb(tx: WriteTx) -> str:
        form = forms.Outage.of(req.form)
        until_at = form.until and form.until.replace(tzinfo=req.zone)
        outage_control.start(tx, carrier=form.carrier, reason=form.reason, until_at=until_at, now=req.now)
        return _("Outage of {carrier} started. Planned work is rerouted where possible.").format(
            carrier=form.carrier
        )

    return page.act(req, verb, show=show, back=f"{ROOT}/network")


def carrier_back(req: PageRequest) -> Response:
    """End a carrier outage."""

    def verb(tx: WriteTx) -> str:
        carrier = req.form.get("carrier", "")
        outage_control.end(tx, carrier=carrier, now=req.now)
        return _("Outage of {carrier} ended. Waiting orders are retried now.").format(carrier=carrier)

    return page.act(req, verb, show=show, back=f"{ROOT}/network")


def edit(
    req: PageRequest, toast: Toast | None = None, status: int = 200, proposal: Preview | None = None
) -> Response:
    """The configuration as YAML."""
    with req.app.db.read() as tx:
        written = req.form.get("document") or text.write(views.document(tx))
    context = {"document": written, "note": req.form.get("note", ""), "proposal": proposal}
    return page.render(req, "network/network_edit.html", context, toast=toast, status=status)


def preview(req: PageRequest) -> Response:
    """Show what the edited configuration would change; nothing is saved."""
    try:
        document = text.read(req.form.get("document", ""))
        with req.app.db.read() as tx:
            proposal = network_change.preview(tx, document=document, at=req.now)
    except errors.Invalid as problem:
        return edit(req, Toast(problem.message, "danger"), page.status_of(problem))
    return edit(req, proposal=proposal)


def apply(req: PageRequest) -> Response:
    """Apply the edited configuration to new orders."""
    try:
        document = text.read(req.form.get("document", ""))
        req.app.db.transact(
            lambda tx: network_change.apply(tx, document=document, note=req.form.get("note", ""), at=req.now),
            actor=req.principal.actor,
            trace_id=req.trace_id,
        )
    except errors.Invalid as problem:
        return edit(req, Toast(problem.message, "danger"), page.status_of(problem))
    return page.go(req, f"{ROOT}/network", _("Applied to new orders."))


def location(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One location today: hours, cut-offs, capacity, throughput, pause."""
    location = here(req, req.number("location_id"))
    with req.app.db.read() as tx:
        found = location_status.load(tx, location_id=location, at=req.now)
    context = {
        "found": found,
        "may_pause": req.principal.can(Permission.FULFILLMENT_WRITE),
        "may_edit": req.principal.can(Permission.RULES_WRITE),
    }
    return page.render(req, "network/location.html", context, toast=toast, status=status)


def pause(req: PageRequest) -> Response:
    """Pause the location: no new work is routed to it."""
    location_id = here(req, req.number("location_id"))

    def verb(tx: WriteTx) -> str:
        form = forms.Pause.of(req.form)
        local = form.until and form.until.replace(tzinfo=None)
        until_at = local and location_status.to_instant(tx, location_id=location_id, local=local)
        actions.pause(tx, location_id=location_id, reason=form.reason, until_at=until_at, at=req.now)
        return _("Paused. No new work is routed here. Existing work stays.")

    return page.act(req, verb, show=location, back=f"{ROOT}/locations/{location_id}")


def resume(req: PageRequest) -> Response:
    """End the pause of the location."""
    location_id = here(req, req.number("location_id"))

    def verb(tx: WriteTx) -> str:
        actions.resume(tx, location_id=location_id, at=req.now)
        return _("Resumed. Work is routed here again.")

    return page.act(req, verb, show=location, back=f"{ROOT}/locations/{location_id}")


ROUTES: Routes = (
    Read("/locations/{location_id:int}", location, Permission.FULFILLMENT_READ),
    Read("/network", show, Permission.RULES_READ),
    Read("/network/edit", edit, Permission.RULES_WRITE),
    Verb("/locations/{location_id:int}/pause", pause, Permission.FULFILLMENT_WRITE),
    Verb("/locations/{location_id:int}/resume", resume, Permission.FULFILLMENT_WRITE),
    Verb("/network/carrier-out", carrier_out, Permission.RULES_WRITE),
    Verb("/network/carrier-back", carrier_back, Permission.RULES_WRITE),
    Verb("/network/edit/preview", preview, Permission.RULES_WRITE),
    Verb("/network/edit/apply", apply, Permission.RULES_WRITE),
)
