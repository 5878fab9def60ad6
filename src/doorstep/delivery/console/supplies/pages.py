"""Future supply: what will come and what is promised of it; a new day shows its effect on promises before it is confirmed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from starlette.responses import Response

from doorstep.delivery.console import page, words
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import supplies as verbs
from doorstep.domain.inventory.actions.supplies import Change, Outcome
from doorstep.domain.inventory.model.supplies import Announcement, SupplyKind, SupplyState
from doorstep.domain.inventory.views import promises as promise_view
from doorstep.domain.inventory.views import supplies as view
from doorstep.domain.inventory.views.supplies import SupplyFilter
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import Sku

BACK = f"{ROOT}/supplies"
KINDS = {
    SupplyKind.PURCHASE_ORDER: "Purchase order",
    SupplyKind.TRANSFER: "Transfer",
    SupplyKind.ASN: "Shipping notice",
    SupplyKind.PRODUCTION: "Production",
}
STATES = {
    SupplyState.OPEN: ("On its way", "info", "calendar"),
    SupplyState.CLOSED: ("Closed", "neutral", "check"),
    SupplyState.CANCELLED: ("Cancelled", "neutral", "cross"),
}
_PAGE = 100


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Lines of documents, soonest first."""
    location, state = ask.query("location"), ask.query("state") or SupplyState.OPEN.value
    chosen = ask.location_id or (int(location) if location.isdigit() else None)
    wanted = SupplyFilter(
        text=ask.query("q").strip(),
        state="" if state == "all" else state,
        location_id=chosen,
        after_date=_day(ask.query("after_date"), "after_date"),
        after_id=int(ask.query("after_id")) if ask.query("after_id").isdigit() else 0,
        limit=_PAGE,
    )
    with ask.app.db.read() as tx:
        rows = view.page(tx, wanted=wanted)
        places = network.locations(tx)
    context = {
        "rows": rows,
        "next": rows[-1] if len(rows) == _PAGE else None,
        "today": ask.now.astimezone(ask.zone).date(),
        "choices": [each for each in places.values() if ask.location_id in (None, each.id)],
        "chosen": chosen,
        "query": {"q": ask.query("q"), "state": state, "location": location},
        "kinds": KINDS,
        "states": STATES,
        "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "supplies/supplies.html", context, toast=toast, status=status)


def one(ask: Ask, toast: Toast | None = None, status: int = 200, tried: Outcome | None = None) -> Response:
    """One line with what is promised of it, and (after a trial) whose day would change."""
    supply_id = ask.number("supply_id")
    with ask.app.db.read() as tx:
        supply = view.supply(tx, supply_id=supply_id)
        ask.principal.require(Permission.INVENTORY_READ, at=supply.location_id)
        rows = promise_view.of_supply(tx, supply_id=supply_id)
        waiting = promise_view.of_sku(tx, sku=supply.sku) if tried is not None else []
        place = network.location(tx, location_id=supply.location_id)
    kept = ask.form if tried is not None or (toast is not None and toast.meaning == "danger") else {}
    context = {
        "supply": supply,
        "place": place,
        "promises": rows,
        "open_pieces": sum(row.quantity - row.arrived for row in rows if row.state == "open"),
        "today": ask.now.astimezone(ask.zone).date(),
        "tried": tried,
        "numbers": {row.order_id: row.number for row in waiting},
        "form": kept,
        "kinds": KINDS,
        "states": STATES,
        "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
    }
    return page.render(ask, "supplies/supply.html", context, toast=toast, status=status)


def _day(text: str, field: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise errors.Invalid(f"{text!r} is not a day: write it as 2026-12-24.", field=field) from None


def announce(ask: Ask) -> Response:
    """Tell of a line by hand."""

    def verb(tx: WriteTx) -> str:
        location_id, line_no, quantity = (ask.whole(name) for name in ("location_id", "line_no", "quantity"))
        eta, confidence = _day(ask.form.get("eta_date", ""), "eta_date"), ask.whole("confidence")
        if location_id is None or line_no is None or quantity is None or eta is None:
            raise errors.Invalid("Fill in the line, the location, the pieces and the day.")
        kind = ask.form.get("kind", "")
        if kind not in set(SupplyKind):
            raise errors.Invalid("Choose what kind of document it is.", field="kind")
        told = Announcement(
            SupplyKind(kind),
            ask.form.get("number", "").strip(),
            line_no,
            Sku(ask.form.get("sku", "").strip()),
            network.location(tx, location_id=location_id).id,
            quantity,
            eta,
            100 if confidence is None else confidence,
            ask.principal.actor,
        )
        outcome = verbs.put(tx, told=[told], at=ask.now)
        return f"{told.number} brings {quantity} × {told.sku}. {_moved(outcome)}"

    return page.act(ask, verb, show=show, back=BACK)


def change(ask: Ask) -> Response:
    """Try another day, quantity or confidence, or set it."""
    wanted = Change(
        ask.number("supply_id"),
        _day(ask.form.get("eta_date", ""), "eta_date"),
        ask.whole("quantity"),
        ask.whole("confidence"),
        ask.whole("version"),
    )
    if ask.form.get("do") != "try":
        return _end(ask, lambda tx: verbs.change(tx, changes=[wanted], at=ask.now), "is changed")
    try:
        with ask.app.db.write(actor=ask.principal.actor, trace_id=ask.trace_id) as tx:
            tried = verbs.preview(tx, changes=[wanted], at=ask.now)
    except errors.DoorstepError as problem:
        return one(ask, Toast(problem.message, "danger"), page.status_of(problem))
    return one(ask, tried=tried)


def close(ask: Ask) -> Response:
    """Nothing more comes of a line."""
    ids = [ask.number("supply_id")]
    return _end(ask, lambda tx: verbs.close(tx, supply_ids=ids, at=ask.now), "is closed")


def cancel(ask: Ask) -> Response:
    """A line never comes."""
    ids = [ask.number("supply_id")]
    return _end(ask, lambda tx: verbs.cancel(tx, supply_ids=ids, at=ask.now), "is cancelled")


def _end(ask: Ask, verb: Callable[[WriteTx], Outcome], what: str) -> Response:
    def work(tx: WriteTx) -> str:
        outcome = verb(tx)
        return f"{outcome.supplies[0].document} {what}. {_moved(outcome)}"

    return page.act(ask, work, show=one, back=f"{BACK}/{ask.number('supply_id')}")


def _moved(outcome: Outcome) -> str:
    orders = len({each.order_id for each in outcome.changed})
    return f"Another day for {words.plural(orders, 'order')}." if orders else "No order's day changed."


ROUTES: Routes = (
    Read("/supplies", show, Permission.INVENTORY_READ),
    Read("/supplies/{supply_id:int}", one, Permission.INVENTORY_READ),
    Verb("/supplies/announce", announce, Permission.INVENTORY_WRITE),
    Verb("/supplies/{supply_id:int}/change", change, Permission.INVENTORY_WRITE),
    Verb("/supplies/{supply_id:int}/close", close, Permission.INVENTORY_WRITE),
    Verb("/supplies/{supply_id:int}/cancel", cancel, Permission.INVENTORY_WRITE),
)
