"""Stock by SKU and location; movements, history and corrections of one position."""

from __future__ import annotations

import json

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.inventory import forms
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import stock as chart
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as view
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.reasons import ADJUST_WORDS, wording
from doorstep.domain.inventory.views import StockFilter, StockRow
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import LocationId, Sku


def _grid(rows: list[StockRow]) -> dict[str, dict[str, object]]:
    """Rows of the page by SKU: the item, its cells by location, and its stock in other conditions."""
    grid: dict[str, dict[str, object]] = {}
    for row in rows:
        line = grid.setdefault(row.sku, {"item": row, "cells": {}, "other": {}})
        target = line["cells"] if row.condition == Condition.NEW else line["other"]
        if isinstance(target, dict):
            target.setdefault(row.location_id, []).append(row)
    return grid


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The grid."""
    location = req.query("location")
    chosen = req.location_id or (int(location) if location.isdigit() else None)
    wanted = StockFilter(
        text=req.query("q").strip(),
        location_id=chosen,
        only_available=req.query("available") == "yes",
        only_missing=req.query("missing") == "yes",
        after_sku=req.query("after"),
    )
    with req.app.db.read() as tx:
        found = view.page(tx, wanted=wanted)
        everywhere = network.locations(tx)
        asked = view.requested(tx, parts={(Sku(row.sku), Condition.NEW) for row in found.rows})
    shown = [each for each in everywhere.values() if each.active and chosen in (None, each.id)]
    context = {
        "grid": _grid(found.rows),
        "asked": {sku: each for (sku, _condition), each in asked.items()},
        "next_after": found.next_after,
        "locations": shown,
        "choices": [each for each in everywhere.values() if req.location_id in (None, each.id)],
        "chosen": chosen,
        "query": {key: req.query(key) for key in ("q", "location", "available", "missing")},
    }
    return page.render(req, "inventory/inventory.html", context, toast=toast, status=status)


def cell(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One SKU at one location: counters, movements with their causes, the last 30 days, and a correction form."""
    sku, location_id = req.http.path_params["sku"], req.number("location_id")
    req.principal.require(Permission.INVENTORY_READ, at=LocationId(location_id))
    with req.app.db.read() as tx:
        location = network.location(tx, location_id=location_id)
        item = _item(tx, sku, location_id)
        days = chart.closings(tx, sku=sku, location_id=location_id, timezone=location.timezone, now=req.now)
        context = {
            "sku": sku,
            "location": location,
            "item": item,
            "positions": view.positions(tx, sku=sku, location_id=location_id),
            "movements": view.movements(tx, sku=sku, location_id=location_id, limit=60),
            "series": json.dumps(
                [
                    [each.day_date.isoformat() for each in days],
                    [each.on_hand for each in days],
                    [each.on_hand - each.reserved for each in days],
                ]
            ),
            "may_write": req.principal.can(Permission.INVENTORY_WRITE),
            "reasons": [(each.value, word) for each, word in ADJUST_WORDS.items()],
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
