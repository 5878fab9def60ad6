"""Create, change, close and reopen locations."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.labels import LOCATION_KINDS as KINDS
from doorstep.delivery.console.network import forms
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views
from doorstep.domain.network.model import WEEKDAYS, Location
from doorstep.flows.network import locations, outage_control
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import LocationId

DAYS = dict(
    zip(
        WEEKDAYS,
        (
            _m("Monday"),
            _m("Tuesday"),
            _m("Wednesday"),
            _m("Thursday"),
            _m("Friday"),
            _m("Saturday"),
            _m("Sunday"),
        ),
        strict=True,
    )
)


def _choices(tx: ReadTx, location: Location | None) -> dict[str, object]:
    """Options of the form; carriers that the location names already stay on offer."""
    named = {location.carrier, location.return_carrier} - {""} if location else set()
    return {
        "kinds": [(str(kind), _(word)) for kind, word in KINDS.items()],
        "days": [(day, _(word)) for day, word in DAYS.items()],
        "carriers": [(each, each) for each in sorted({*outage_control.carriers(tx), *named})],
    }


def new(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """An empty form."""
    with req.app.db.read() as tx:
        context = {"place": None, **_choices(tx, None)}
    return page.render(req, "network/location_edit.html", context, toast=toast, status=status)


def edit(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """A location in its form, and what closing it needs and does."""
    with req.app.db.read() as tx:
        location = views.location(tx, location_id=req.number("location_id"))
        closing = locations.preview_closing(tx, location_id=location.id)
        context = {
            "place": location,
            "obstacles": [("alert", "", str(each)) for each in closing.obstacles],
            "effects": [("layers", "", str(each)) for each in closing.effects],
            **_choices(tx, location),
        }
    return page.render(req, "network/location_edit.html", context, toast=toast, status=status)


def create(req: PageRequest) -> Response:
    """Create a location."""

    def work(tx: WriteTx) -> Location:
        if any(each.code == form.code for each in views.locations(tx).values()):
            message = _("There is a location {code} already: choose another code.").format(code=form.code)
            raise errors.Invalid(message, field="code")
        locations.put(tx, locations=[_location(form, form.code, req.form)], now=req.now)
        return views.by_code(tx, code=form.code)

    try:
        form = forms.NewLocation.of(req.form)
        made = req.app.db.transact(work, actor=req.principal.actor, trace_id=req.trace_id)
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=new)
    done = _("{name} is open: orders can be routed there as soon as it has stock.").format(name=made.name)
    return page.go(req, f"{ROOT}/locations/{made.id}/edit", done)


def change(req: PageRequest) -> Response:
    """Change a location; its code and whether it is open stay."""

    def verb(tx: WriteTx) -> str:
        code = views.location(tx, location_id=req.number("location_id")).code
        changed = _location(forms.Location.of(req.form), code, req.form)
        locations.put(tx, locations=[changed], now=req.now)
        return _("{name} is saved. New orders follow it.").format(name=changed.name)

    return page.act(req, verb, show=edit, back=_back(req))


def _location(form: forms.Location, code: str, typed: Mapping[str, str]) -> Location:
    hours = {day: typed.get(f"hours.{day}", "").strip() for day in WEEKDAYS}
    return Location(
        id=LocationId(0),
        active=True,
        hours={day: times for day, times in hours.items() if times},
        **form.model_dump() | {"code": code},
    )


def close(req: PageRequest) -> Response:
    """Close a location: nothing is routed to it any more."""

    def verb(tx: WriteTx) -> str:
        reason = forms.Closing.of(req.form).reason
        locations.close(tx, location_id=req.number("location_id"), reason=reason, now=req.now)
        return _("The location is closed. No more orders are routed to it.")

    return page.act(req, verb, show=edit, back=_back(req))


def reopen(req: PageRequest) -> Response:
    """Reopen a closed location."""

    def verb(tx: WriteTx) -> str:
        locations.reopen(tx, location_id=req.number("location_id"), now=req.now)
        return _("The location is open again. Orders are routed to it.")

    return page.act(req, verb, show=edit, back=_back(req))


def _back(req: PageRequest) -> str:
    return f"{ROOT}/locations/{req.number('location_id')}/edit"


ROUTES: Routes = (
    Read("/locations/new", new, Permission.RULES_WRITE),
    Read("/locations/{location_id:int}/edit", edit, Permission.RULES_WRITE),
    Verb("/locations/new/create", create, Permission.RULES_WRITE),
    Verb("/locations/{location_id:int}/edit/save", change, Permission.RULES_WRITE),
    Verb("/locations/{location_id:int}/edit/close", close, Permission.RULES_WRITE),
    Verb("/locations/{location_id:int}/edit/reopen", reopen, Permission.RULES_WRITE),
)
