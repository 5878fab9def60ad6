"""Stock by SKU and location; movements, history and corrections of one position."""

from __future__ import annotations

import json

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.inventory import forms, lists
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import stock as chart
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as view
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.inventory.model.reasons import ADJUST_WORDS, wording
from doorstep.domain.inventory.views import StockFilter, StockRow
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import LocationId, Sku, whole_number


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Stock by SKU and location, or all of it as CSV."""
    with req.app.db.read() as tx:
        locations = network.locations(tx)
        asked = whole_number(req.query("location"))
        chosen = req.location_id or (asked if asked in locations else None)
        listed = lists.stock_list(req, list(locations.values()), chosen)
        if listed.wants_csv(req):
            return listed.csv(req)
        found = listed.load(req, tx)
    return page.render(req, "inventory/inventory.html", {"list": found}, toast=toast, status=status)


def cell(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One SKU at one location: counters, movements with their causes, the last 30 days, and a correction form; or all movements as CSV."""
    sku, location_id = req.http.path_params["sku"], req.number("location_id")
    req.principal.require(Permission.INVENTORY_READ, at=LocationId(location_id))
    listed = lists.movement_list(sku, location_id)
    if listed.wants_csv(req):
        return listed.csv(req)
    with req.app.db.read() as tx:
        location = network.location(tx, location_id=location_id)
        item = _item(tx, sku, location_id)
        days = chart.closings(tx, sku=sku, location_id=location_id, timezone=location.timezone, now=req.now)
        context = {
            "sku": sku,
            "location": location,
            "item": item,
            "positions": view.positions(tx, sku=sku, location_id=location_id),
            "list": listed.load(req, tx),
            "series": json.dumps(
                [
                    [each.day_date.isoformat() for each in days],
                    [each.on_hand for each in days],
                    [each.on_hand - each.reserved for each in days],
                ]
            ),
            "may_write": req.principal.can(Permission.INVENTORY_WRITE),
            "reasons": [(each.value, gettext(word)) for each, word in ADJUST_WORDS.items()],
        }
    return page.render(req, "inventory/cell.html", context, toast=toast, status=status)


def _item(tx: ReadTx, sku: str, location_id: int) -> StockRow:
    rows = view.page(tx, wanted=StockFilter(text=sku, limit=200)).rows
    found = [row for row in rows if row.sku == sku]
    if not found:
        raise errors.NotFound(_("There is no stock of {sku}.").format(sku=sku))
    return found[0]


def adjust(req: PageRequest) -> Response:
    """Correct the quantity on hand."""
    sku, location_id = req.http.path_params["sku"], LocationId(req.number("location_id"))
    req.principal.require(Permission.INVENTORY_WRITE, at=location_id)

    def verb(tx: WriteTx) -> str:
        form = forms.Adjust.of(req.form)
        correction = Correction(Sku(sku), location_id, wording(form.reason, form.note), set_to=form.count)
        position = inventory.adjust(tx, correction=correction, at=req.now)
        return _("{sku}: {on_hand} on hand, {available} available.").format(
            sku=sku, on_hand=position.on_hand, available=position.available
        )

    return page.act(req, verb, show=cell, back=f"{ROOT}/inventory/{sku}/{location_id}")


ROUTES: Routes = (
    Read("/inventory", show, Permission.INVENTORY_READ),
    Read("/inventory/{sku:path}/{location_id:int}", cell, Permission.INVENTORY_READ),
    Verb("/inventory/{sku:path}/{location_id:int}/adjust", adjust, Permission.INVENTORY_WRITE),
)
