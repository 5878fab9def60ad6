"""Why not more? A SKU's availability, explained piece by piece; who else has it; whether it is sold before it is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
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
from doorstep.domain.inventory.views.supplies import SupplyFilter
from doorstep.domain.network import views as network
from doorstep.flows.availability import available_to_promise
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

MODES = {
    SellAheadMode.NONE: "Not sold before it is here",
    SellAheadMode.PREORDER: "Pre-order: only what is on its way",
    SellAheadMode.BACKORDER: "Backorder: also without supply, then without a day",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A step of the fall, drawn from where the last one ended; `start` and `width` in hundredths of everything."""

    step: Step
    start: float
    width: float
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Fall:
    """One part's way from everything that lies somewhere to what is free."""

    part: PartAnswer
    bars: list[Bar]


def fall(part: PartAnswer) -> Fall:
    """The bars of a part's explanation."""
    steps = waterfall(part)
    scale = 100 / max(1, steps[0].pieces + sum(step.pieces for step in steps[1:] if step.pieces > 0))
    bars, level = [Bar(steps[0], 0, steps[0].pieces * scale, is_sum=True)], steps[0].pieces
    for step in steps[1:]:
        before, level = level, level + step.pieces
        low, high = max(0, min(before, level)), max(0, before, level)
        bars.append(Bar(step, round(low * scale, 2), round((high - low) * scale, 2)))
    left = max(0, level)
    bars.append(Bar(Step("May be promised", left), 0, round(left * scale, 2), is_sum=True))
    return Fall(part, bars)


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """The answer for a channel, and where each piece went."""
    sku = Sku(ask.request.path_params["sku"])
    question = Question(sku, ask.query("channel"), ask.query("group"), by_date=_day(ask.query("by")))
    with ask.app.db.read() as tx:
        (found,) = available_to_promise.availability(tx, questions=[question], at=ask.now)
        context = {
            **_around(ask, tx, sku),
            "found": found,
            "falls": [fall(part) for part in found.parts],
            "item": catalog.items(tx, skus=[sku])[sku],
        }
    context |= {
        "sku": sku,
        "query": {name: ask.query(name) for name in ("channel", "group", "by", "store")},
        "today": ask.now.astimezone(ask.zone).date(),
        "modes": MODES,
        "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "inventory/availability.html", context, toast=toast, status=status)


def _around(ask: Ask, tx: ReadTx, sku: Sku) -> dict[str, object]:
    """What stands beside the answer: supply, promises, the policy, and who could send it to a store."""
    places = network.locations(tx)
    store = ask.query("store")
    chosen = ask.location_id or (int(store) if store.isdigit() and int(store) in places else None)
    ways = aisle.transit(ask.app.settings.transfer_days)
    return {
        "channels": [each for each in connections.all_connections(tx) if each.kind == Kind.CHANNELS],
        "stores": [each for each in places.values() if each.active and ask.location_id in (None, each.id)],
        "store": places[chosen] if chosen else None,
        "aisle": available_to_promise.endless_aisle(tx, sku=sku, store_id=chosen, ways=ways, at=ask.now)
        if chosen
        else None,
        "supplies": supply_view.page(tx, wanted=SupplyFilter(sku=sku, limit=20)),
        "promises": promise_view.of_sku(tx, sku=sku)[:20],
        "policy": promise_view.sell_ahead(tx, sku=sku),
    }


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise errors.Invalid(f"{text!r} is not a day: write it as 2026-12-24.") from None


def sell_ahead(ask: Ask) -> Response:
    """Decide whether the SKU may be sold before it is here."""
    sku = Sku(ask.request.path_params["sku"])

    def verb(tx: WriteTx) -> str:
        mode, confidence = ask.form.get("mode", ""), ask.whole("min_confidence")
        if mode not in set(SellAheadMode):
            raise errors.Invalid("Choose whether it may be sold ahead.", field="mode")
        policy = SellAhead(
            sku,
            SellAheadMode(mode),
            ask.whole("quantity_limit"),
            _day(ask.form.get("available_from_date", "")),
            _day(ask.form.get("until_date", "")),
            confidence or 0,
        )
        verbs.put_sell_ahead(tx, policies=[policy], at=ask.now)
        return f"{sku}: {MODES[policy.mode].lower()}."

    return page.act(ask, verb, show=show, back=f"{ROOT}/availability/{sku}")


ROUTES: Routes = (
    Read("/availability/{sku}", show, Permission.INVENTORY_READ),
    Verb("/availability/{sku}/sell-ahead", sell_ahead, Permission.INVENTORY_WRITE),
)
