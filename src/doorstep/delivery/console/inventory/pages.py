"""Stock by SKU and location, a cell's movements and last 30 days, and corrections."""

from __future__ import annotations

import json

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import stock as chart
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as view
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.reasons import ADJUST_WORDS, AdjustReason, wording
from doorstep.domain.inventory.views import StockFilter, StockRow
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku


def _grid(rows: list[StockRow]) -> dict[str, dict[str, object]]:
    """Rows of the page: SKU to its words, its cells by location, and its total of what can be sold."""
    grid: dict[str, dict[str, object]] = {}
    for row in rows:
        line = grid.setdefault(row.sku, {"item": row, "cells": {}, "other": {}})
        target = line["cells"] if row.condition == Condition.NEW else line["other"]
        if isinstance(target, dict):
            target.setdefault(row.location_id, []).append(row)
    return grid


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """The grid."""
    location = ask.query("location")
    chosen = ask.location_id or (int(location) if location.isdigit() else None)
    wanted = StockFilter(
        text=ask.query("q").strip(),
        location_id=chosen,
        only_available=ask.query("available") == "yes",
        only_missing=ask.query("missing") == "yes",
        after_sku=ask.query("after"),
    )
    with ask.app.db.read() as tx:
        found = view.page(tx, wanted=wanted)
        everywhere = network.locations(tx)
        asked = view.requested(tx, parts={(Sku(row.sku), Condition.NEW) for row in found.rows})
    shown = [each for each in everywhere.values() if each.active and chosen in (None, each.id)]
    context = {
        "grid": _grid(found.rows),
        "asked": {sku: each for (sku, _), each in asked.items()},
        "next_after": found.next_after,
        "locations": shown,
        "choices": [each for each in everywhere.values() if ask.location_id in (None, each.id)],
        "chosen": chosen,
        "query": {key: ask.query(key) for key in ("q", "location", "available", "missing")},
    }
    return page.render(ask, "inventory/inventory.html", context, toast=toast, status=status)


def cell(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One SKU at one location: counters, movements with their causes, the last 30 days, and a correction form."""
    sku, location_id = ask.request.path_params["sku"], ask.number("location_id")
    ask.principal.require(Permission.INVENTORY_READ, at=LocationId(location_id))
    with ask.app.db.read() as tx:
        location = network.location(tx, location_id=location_id)
        item = _item(tx, sku, location_id)
        days = chart.closings(tx, sku=sku, location_id=location_id, timezone=location.timezone, now=ask.now)
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
            "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
            "reasons": ADJUST_WORDS,
            "form": ask.form if toast is not None and toast.meaning == "danger" else {},
        }
    return page.render(ask, "inventory/cell.html", context, toast=toast, status=status)


def _item(tx: ReadTx, sku: str, location_id: int) -> StockRow:
    rows = view.page(tx, wanted=StockFilter(text=sku, limit=200)).rows
    found = [row for row in rows if row.sku == sku]
    if not found:
        raise errors.NotFound(f"There is no stock of {sku}.")
    return found[0]


def adjust(ask: Ask) -> Response:
    """Correct what is on hand."""
    sku, location_id = ask.request.path_params["sku"], LocationId(ask.number("location_id"))
    ask.principal.require(Permission.INVENTORY_WRITE, at=location_id)

    def verb(tx: WriteTx) -> str:
        reason = ask.form.get("reason", "")
        if reason not in set(AdjustReason):
            raise errors.Invalid("Choose why the count is corrected.", field="reason")
        why = wording(AdjustReason(reason), ask.form.get("note", ""))
        correction = Correction(Sku(sku), location_id, why, set_to=ask.whole("count"))
        if correction.set_to is not None and correction.set_to < 0:
            raise errors.Invalid("A count is 0 or more.", field="count")
        if correction.set_to is None:
            raise errors.Invalid("Write how many pieces you counted.", field="count")
        position = inventory.adjust(tx, correction=correction, at=ask.now)
        return f"{sku}: {position.on_hand} on hand, {position.available} available."

    return page.act(ask, verb, show=cell, back=f"{ROOT}/inventory/{sku}/{location_id}")


ROUTES: Routes = (
    Read("/inventory", show, Permission.INVENTORY_READ),
    Read("/inventory/{sku}/{location_id:int}", cell, Permission.INVENTORY_READ),
    Verb("/inventory/{sku}/{location_id:int}/adjust", adjust, Permission.INVENTORY_WRITE),
)
