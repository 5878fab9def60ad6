"""Counting on a phone or at a desk: scan or write what is there, hand it in, agree to what differs."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import counts as verbs
from doorstep.domain.inventory.actions.counts import Command
from doorstep.domain.inventory.model.counts import (
    COUNT_ACTIONS,
    CountKind,
    CountState,
    Found,
    NewCount,
    Rest,
    Tolerance,
)
from doorstep.domain.inventory.views import counts as view
from doorstep.domain.inventory.views.counts import CountFilter
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import CountId, LocationId, Sku

BACK = f"{ROOT}/counts"
STATES = {
    CountState.OPEN: ("To count", "info", "calendar"),
    CountState.COUNTED: ("To approve", "attention", "eye"),
    CountState.APPROVED: ("Approved", "success", "check"),
    CountState.CANCELLED: ("Cancelled", "neutral", "cross"),
}
KINDS = {
    CountKind.BLIND: "Blind: nobody sees what is expected",
    CountKind.OPEN: "Open: the expected numbers are shown",
}
OPEN = (CountState.OPEN, CountState.COUNTED)
_PAGE = 100


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Counts, newest first."""
    wanted_state, before = ask.query("state") or "open", ask.query("before")
    states = {"open": OPEN, "counted": (CountState.COUNTED,)}.get(wanted_state, tuple(CountState))
    wanted = CountFilter(ask.location_id, states, int(before) if before.isdigit() else None, _PAGE)
    with ask.app.db.read() as tx:
        rows = view.rows(tx, wanted=wanted)
        places = network.locations(tx)
    context = {
        "rows": rows,
        "next": rows[-1].id if len(rows) == _PAGE else None,
        "places": places,
        "choices": [each for each in places.values() if each.active and ask.location_id in (None, each.id)],
        "query": {"state": wanted_state},
        "states": STATES,
        "kinds": KINDS,
        "may_work": ask.principal.can(Permission.STOCK_WORK),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "counts/counts.html", context, toast=toast, status=status)


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One count: to be done, to be approved, or done."""
    count_id = ask.number("count_id")
    with ask.app.db.read() as tx:
        found = view.count(tx, count_id=count_id)
        ask.principal.require(Permission.INVENTORY_READ, at=found.location_id)
        is_scan = ask.request.url.path.endswith("/scan")
        context = {
            "count": found,
            "row": view.row(tx, count_id=count_id),
            "titles": view.titles(tx, skus=[line.sku for line in found.lines]),
            "place": network.location(tx, location_id=found.location_id),
            "waiting": view.waiting(tx, count=found),
            "actions": COUNT_ACTIONS[found.state],
            "may_work": ask.principal.can(Permission.STOCK_WORK),
            "may_approve": ask.principal.can(Permission.INVENTORY_WRITE),
            "is_own": found.counted_by == ask.principal.actor,
            "states": STATES,
            "scan": toast if is_scan else None,
        }
    shown = None if is_scan and ask.is_fragment else toast
    return page.render(ask, "counts/count.html", context, toast=shown, status=status)


def open_count(ask: Ask) -> Response:
    """Ask people to count."""

    def verb(tx: WriteTx) -> str:
        location_id, kind = ask.whole("location_id"), ask.form.get("kind", "")
        if location_id is None or kind not in set(KINDS):
            raise errors.Invalid("Choose a location and how it is counted.", field="location_id")
        ask.principal.require(Permission.STOCK_WORK, at=LocationId(location_id))
        place = network.location(tx, location_id=location_id)
        codes = ask.form.get("skus", "").replace(",", " ").split()
        known = view.scanned(tx, codes=codes)
        skus = list(dict.fromkeys(known.get(code, Sku(code)) for code in codes))
        title, category = ask.form.get("title", "").strip(), ask.form.get("category", "").strip()
        new = NewCount(place.id, CountKind(kind), title or category or "Cycle count", skus, category)
        (made,) = verbs.open_(tx, news=[new], at=ask.now)
        return f"Count {made} is open at {place.name}."

    return page.act(ask, verb, show=show, back=BACK)


def _act(ask: Ask, permission: Permission, verb: Callable[[WriteTx, Command], str]) -> Response:
    count_id = CountId(ask.number("count_id"))

    def work(tx: WriteTx) -> str:
        place = view.row(tx, count_id=count_id).location_id
        ask.principal.require(permission, at=LocationId(place))
        return verb(tx, Command(count_id, ask.now, ask.whole("version")))

    return page.act(ask, work, show=one, back=f"{BACK}/{count_id}")


def scan(ask: Ask) -> Response:
    """One scan is one piece more."""

    def verb(tx: WriteTx, command: Command) -> str:
        code = ask.form.get("code", "").strip()
        sku = view.scanned(tx, codes=[code]).get(code)
        if sku is None:
            raise errors.Invalid(f"Nobody knows the code {code}: type the SKU instead.", field="code")
        verbs.find(tx, command=command, found=[Found(sku, 1)], adds=True)
        lines = view.count(tx, count_id=command.count_id).lines
        return f"{sku}: {next(line.counted for line in lines if line.sku == sku)} counted"

    return _act(ask, Permission.STOCK_WORK, verb)


def write(ask: Ask) -> Response:
    """The numbers as they stand in the form."""

    def verb(tx: WriteTx, command: Command) -> str:
        lines = view.count(tx, count_id=command.count_id).lines
        told = [(line, ask.whole(f"counted-{line.sku}-{line.condition.value}")) for line in lines]
        found = [
            Found(line.sku, quantity, line.condition)
            for line, quantity in told
            if quantity is not None and quantity != line.counted
        ]
        if found:
            verbs.find(tx, command=command, found=found, adds=False)
        return "Kept: nothing is handed in yet."

    return _act(ask, Permission.STOCK_WORK, verb)


def hand_in(ask: Ask) -> Response:
    """The counting is done."""
    rest = Rest.NONE_THERE if ask.form.get("rest") == "yes" else Rest.SKIP
    chosen = ask.app.settings
    tolerance = Tolerance(chosen.count_tolerance_pieces, chosen.count_tolerance_percent)

    def verb(tx: WriteTx, command: Command) -> str:
        state = verbs.hand_in(tx, command=command, rest=rest, tolerance=tolerance)
        agreed = "Handed in: it agrees with the books." if not tolerance.pieces else "Handed in and agreed."
        return agreed if state is CountState.APPROVED else "Handed in: somebody looks at what differs."

    return _act(ask, Permission.STOCK_WORK, verb)


def approve(ask: Ask) -> Response:
    """The ledger follows the count."""

    def verb(tx: WriteTx, command: Command) -> str:
        verbs.approve(tx, command=command, alone=ask.form.get("alone") == "yes")
        return "Approved: the books follow the shelf."

    return _act(ask, Permission.INVENTORY_WRITE, verb)


def recount(ask: Ask) -> Response:
    """What differs is counted again."""

    def verb(tx: WriteTx, command: Command) -> str:
        verbs.recount(tx, command=command, reason=ask.form.get("reason", "").strip())
        return "Sent back: what differs is counted again."

    return _act(ask, Permission.INVENTORY_WRITE, verb)


def cancel(ask: Ask) -> Response:
    """Nothing follows from it."""

    def verb(tx: WriteTx, command: Command) -> str:
        verbs.cancel(tx, command=command)
        return "Cancelled: the books stay as they are."

    return _act(ask, Permission.INVENTORY_WRITE, verb)


ROUTES: Routes = (
    Read("/counts", show, Permission.INVENTORY_READ),
    Read("/counts/{count_id:int}", one, Permission.INVENTORY_READ),
    Verb("/counts/open", open_count, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/scan", scan, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/write", write, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/hand-in", hand_in, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/approve", approve, Permission.INVENTORY_WRITE),
    Verb("/counts/{count_id:int}/recount", recount, Permission.INVENTORY_WRITE),
    Verb("/counts/{count_id:int}/cancel", cancel, Permission.INVENTORY_WRITE),
)
