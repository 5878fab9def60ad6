"""Availability of a SKU: how it is worked out, other locations that have it, and selling ahead of supply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.inventory import forms
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.catalog import views as catalog
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Kind
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import promises as verbs
from doorstep.domain.inventory.model import aisle
from doorstep.domain.inventory.model.availability import PartAnswer, Question
from doorstep.domain.inventory.model.promises import SellAhead, SellAheadMode
from doorstep.domain.inventory.model.waterfall import Step, waterfall
from doorstep.domain.inventory.views import promises as promise_view
from doorstep.domain.inventory.views import supplies as supply_view
from doorstep.domain.inventory.views.supplies import SOONEST, SupplyFilter
from doorstep.domain.network import views as network
from doorstep.flows.availability import available_to_promise
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import Sku, whole_number
from doorstep.kernel.message import Message

MODES = {
    SellAheadMode.NONE: _m("Off: sell available stock only"),
    SellAheadMode.PREORDER: _m("Pre-order: sell incoming supply"),
    SellAheadMode.BACKORDER: _m("Backorder: sell without supply, without a date"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A step of the waterfall; `start` and `width` are percentages of the first bar."""

    step: Step
    start: float
    width: float
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Fall:
    """The waterfall of one part, from all stock to what is available to promise."""

    part: PartAnswer
    bars: list[Bar]


def fall(part: PartAnswer) -> Fall:
    """The bars of a part's explanation."""
    steps = waterfall(part)
    scale = 100 / max(1, steps[0].units + sum(step.units for step in steps[1:] if step.units > 0))
    bars, level = [Bar(steps[0], 0, steps[0].units * scale, is_sum=True)], steps[0].units
    for step in steps[1:]:
        before, level = level, level + step.units
        low, high = max(0, min(before, level)), max(0, before, level)
        bars.append(Bar(step, round(low * scale, 2), round((high - low) * scale, 2)))
    left = max(0, level)
    bars.append(Bar(Step(Message("Available to promise"), left), 0, round(left * scale, 2), is_sum=True))
    return Fall(part, bars)


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The availability for a channel, and how it is worked out."""
    sku = Sku(req.http.path_params["sku"])
    question = Question(sku, req.query("channel"), req.query("group"), by_date=_day(req.query("by")))
    with req.app.db.read() as tx:
        (found,) = available_to_promise.availability(tx, questions=[question], at=req.now)
        context = {
            **_around(req, tx, sku),
            "found": found,
            "falls": [fall(part) for part in found.parts],
            "item": catalog.items(tx, skus=[sku])[sku],
        }
    context |= {
        "sku": sku,
        "query": {name: req.query(name) for name in ("channel", "group", "by", "store")},
        "today": req.now.astimezone(req.zone).date(),
        "modes": [(mode.value, _(word)) for mode, word in MODES.items()],
        "may_write": req.principal.can(Permission.INVENTORY_WRITE),
    }
    return page.render(req, "inventory/availability.html", context, toast=toast, status=status)


def _around(req: PageRequest, tx: ReadTx, sku: Sku) -> dict[str, object]:
    """What stands beside it: supply, promises, the sell-ahead policy, and locations that could send it."""
    locations = network.locations(tx)
    store = whole_number(req.query("store"))
    chosen = req.location_id or (store if store in locations else None)
    ways = aisle.transit(req.app.settings.transfer_days)
    return {
        "channels": [each for each in connections.all_connections(tx) if each.kind == Kind.CHANNELS],
        "stores": [each for each in locations.values() if each.active and req.location_id in (None, each.id)],
        "store": locations[chosen] if chosen else None,
        "aisle": available_to_promise.endless_aisle(tx, sku=sku, store_id=chosen, ways=ways, at=req.now)
        if chosen
        else None,
        "supplies": supply_view.page(tx, wanted=SupplyFilter(sku=sku, page=replace(SOONEST, limit=20))),
        "promises": promise_view.of_sku(tx, sku=sku)[:20],
        "policy": promise_view.sell_ahead(tx, sku=sku),
    }


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise errors.Invalid(_("Enter a date such as 2026-12-24.")) from None


def sell_ahead(req: PageRequest) -> Response:
    """Set whether the SKU may be sold ahead of supply."""
    sku = Sku(req.http.path_params["sku"])

    def verb(tx: WriteTx) -> str:
        form = forms.SellAheadPolicy.of(req.form)
        policy = SellAhead(
            sku,
            form.mode,
            form.quantity_limit,
            form.available_from_date,
            form.until_date,
            form.min_confidence,
        )
        verbs.put_sell_ahead(tx, policies=[policy], at=req.now)
        return _("{sku}: {mode}.").format(sku=sku, mode=_(MODES[policy.mode]))

    return page.act(req, verb, show=show, back=f"{ROOT}/availability/{sku}")


ROUTES: Routes = (
    Read("/availability/{sku:path}", show, Permission.INVENTORY_READ),
    Verb("/availability/{sku:path}/sell-ahead", sell_ahead, Permission.INVENTORY_WRITE),
)
