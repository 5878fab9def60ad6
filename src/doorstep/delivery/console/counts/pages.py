"""Cycle counts: list, count by scan or by hand, submit, approve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.responses import Response

from doorstep.delivery.console import cells, lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.counts import forms
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import counts as verbs
from doorstep.domain.inventory.actions.counts import Command
from doorstep.domain.inventory.model.counts import (
    COUNT_ACTIONS,
    CountedSku,
    CountKind,
    CountState,
    NewCount,
    Rest,
    Tolerance,
)
from doorstep.domain.inventory.views import counts as view
from doorstep.domain.inventory.views.counts import CountFilter, CountRow
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural
from doorstep.kernel.ids import CountId, LocationId, Sku

BACK = f"{ROOT}/counts"
STATES = {
    CountState.OPEN: Badge(_m("To count"), "info", "calendar"),
    CountState.COUNTED: Badge(_m("To approve"), "attention", "eye"),
    CountState.APPROVED: Badge(_m("Approved"), "success", "check"),
    CountState.CANCELED: Badge(_m("Canceled"), "neutral", "cross"),
}
KINDS = (
    (CountKind.BLIND, _m("Blind"), _m("The expected quantity is hidden.")),
    (CountKind.OPEN, _m("Open"), _m("The expected quantity is shown.")),
)
KIND_WORDS = {
    CountKind.BLIND: _m("blind"),
    CountKind.OPEN: _m("open"),
    CountKind.DIRECTED: _m("after a short pick"),
}
VIEWS = {
    "": (CountState.OPEN, CountState.COUNTED),
    "counted": (CountState.COUNTED,),
    "all": tuple(CountState),
}


def _name(row: CountRow) -> Sequence[Cell]:
    found: list[Cell] = [Link(row.title, f"/counts/{row.id}", "strong"), Text(str(row.id), "muted", value="")]
    return [*found, Text(row.directed_sku, "code muted", value="")] if row.directed_sku else found


def _variances(row: CountRow) -> Cell:
    return (
        cells.NONE
        if row.state is CountState.OPEN
        else Count(row.off, "danger-text strong" if row.off else "")
    )


def _kind(row: CountRow) -> Cell:
    word = KIND_WORDS[row.kind]
    return Status(Badge(word, "attention", "hand")) if row.kind is CountKind.DIRECTED else Text(_(word))


def count_list(req: PageRequest, locations: Mapping[int, Location]) -> ListPage[CountRow]:
    """Counts, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[CountRow]:
        states = VIEWS.get(query.get("state"), VIEWS[""])
        wanted = lists.keyset(query, view.SORTING, limit)
        rows = view.rows(tx, wanted=CountFilter(req.location_id, states, wanted))
        return lists.cut(rows, view.SORTING, wanted)

    return ListPage(
        path="/counts",
        columns=(
            Column(_m("Count"), _name, "s1", "id"),
            Column(_m("Number"), lambda row: Text(str(row.id)), only_in_file=True),
            Column(_m("SKU"), lambda row: lists.text(row.directed_sku), only_in_file=True),
            Column(_m("Location"), lambda row: Text(locations[row.location_id].name), "s3"),
            Column(_m("Type"), _kind, "s5"),
            Column(_m("Counted"), lambda row: Count(row.counted), "num minor", "counted"),
            Column(_m("Lines"), lambda row: Count(row.lines), "num minor", "lines"),
            Column(_m("Variances"), _variances, "num s4", "off"),
            Column(_m("Status"), lambda row: Status(STATES[row.state]), "s2"),
            Column(_m("Opened"), lambda row: At(row.opened_at), "s6", "opened_at"),
        ),
        fetch=fetch,
        noun=plural("{n} count", "{n} counts"),
        sort="-id",
        look="cards",
        href=lambda row: f"/counts/{row.id}",
        filters=[
            Choice(
                "state", _m("Status"), [("", _m("Open")), ("counted", _m("To approve")), ("all", _m("All"))]
            )
        ],
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The list, or all of it as CSV."""
    with req.app.db.read() as tx:
        locations = network.locations(tx)
        listed = count_list(req, locations)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {
        "list": found,
        "choices": [
            each for each in locations.values() if each.active and req.location_id in (None, each.id)
        ],
        "kinds": [(kind.value, _(word), _(meaning)) for kind, word, meaning in KINDS],
        "may_work": req.principal.can(Permission.STOCK_WORK),
    }
    return page.render(req, "counts/counts.html", context, toast=toast, status=status)


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One count: to be done, to be approved, or done."""
    count_id = req.number("count_id")
    with req.app.db.read() as tx:
        found = view.count(tx, count_id=count_id)
        req.principal.require(Permission.INVENTORY_READ, at=found.location_id)
        is_scan = req.http.url.path.endswith("/scan")
        context = {
            "count": found,
            "row": view.row(tx, count_id=count_id),
            "titles": view.titles(tx, skus=[line.sku for line in found.lines]),
            "place": network.location(tx, location_id=found.location_id),
            "waiting": view.waiting(tx, count=found),
            "actions": COUNT_ACTIONS[found.state],
            "may_work": req.principal.can(Permission.STOCK_WORK),
            "may_approve": req.principal.can(Permission.INVENTORY_WRITE),
            "is_own": found.counted_by == req.principal.actor,
            "badge": STATES[found.state],
            "kind": KIND_WORDS[found.kind],
            "scan": toast if is_scan else None,
        }
    shown = None if is_scan and req.is_fragment else toast
    return page.render(req, "counts/count.html", context, toast=shown, status=status)


def open_count(req: PageRequest) -> Response:
    """Open a count."""

    def verb(tx: WriteTx) -> str:
        form = forms.NewCount.of(req.form)
        req.principal.require(Permission.STOCK_WORK, at=LocationId(form.location_id))
        location = network.location(tx, location_id=form.location_id)
        codes = form.skus.replace(",", " ").split()
        known = view.scanned(tx, codes=codes)
        skus = list(dict.fromkeys(known.get(code, Sku(code)) for code in codes))
        new = NewCount(location.id, form.kind, form.title, skus, form.category)
        (made,) = verbs.open_(tx, counts=[new], at=req.now)
        return _("Count {id} is open at {place}.").format(id=made, place=location.name)

    return page.act(req, verb, show=show, back=BACK)


def _act(req: PageRequest, permission: Permission, verb: Callable[[WriteTx, Command], str]) -> Response:
    count_id = CountId(req.number("count_id"))

    def work(tx: WriteTx) -> str:
        location = view.row(tx, count_id=count_id).location_id
        req.principal.require(permission, at=LocationId(location))
        return verb(tx, Command(count_id, req.now, req.whole("version")))

    return page.act(req, work, show=one, back=f"{BACK}/{count_id}")


def scan(req: PageRequest) -> Response:
    """Add one unit by its barcode or SKU."""

    def verb(tx: WriteTx, command: Command) -> str:
        code = req.form.get("code", "").strip()
        sku = view.scanned(tx, codes=[code]).get(code)
        if sku is None:
            raise errors.Invalid(
                _("Unknown code {code}. Type the SKU instead.").format(code=code), field="code"
            )
        verbs.find(tx, command=command, found=[CountedSku(sku, 1)], adds=True)
        lines = view.count(tx, count_id=command.count_id).lines
        counted = next(line.counted for line in lines if line.sku == sku)
        return _("{sku}: {n} counted").format(sku=sku, n=counted)

    return _act(req, Permission.STOCK_WORK, verb)


def write(req: PageRequest) -> Response:
    """Save the numbers of the form."""

    def verb(tx: WriteTx, command: Command) -> str:
        lines = view.count(tx, count_id=command.count_id).lines
        entered = [(line, req.whole(f"counted-{line.sku}-{line.condition.value}")) for line in lines]
        found = [
            CountedSku(line.sku, quantity, line.condition)
            for line, quantity in entered
            if quantity is not None and quantity != line.counted
        ]
        if found:
            verbs.find(tx, command=command, found=found, adds=False)
        return _("Saved. The count is not submitted yet.")

    return _act(req, Permission.STOCK_WORK, verb)


def submit(req: PageRequest) -> Response:
    """Submit the count."""
    rest = Rest.NONE_THERE if req.form.get("rest") == "yes" else Rest.SKIP
    chosen = req.app.settings
    tolerance = Tolerance(chosen.count_tolerance_units, chosen.count_tolerance_percent)

    def verb(tx: WriteTx, command: Command) -> str:
        state = verbs.submit(tx, command=command, rest=rest, tolerance=tolerance)
        if state is not CountState.APPROVED:
            return _("Submitted. The variances need approval.")
        return (
            _("Submitted. It matches the system quantity.")
            if not tolerance.units
            else _("Submitted and approved.")
        )

    return _act(req, Permission.STOCK_WORK, verb)


def approve(req: PageRequest) -> Response:
    """Approve the count; its variances are posted."""

    def verb(tx: WriteTx, command: Command) -> str:
        verbs.approve(tx, command=command, alone=req.form.get("alone") == "yes")
        return _("Approved. The variances are posted.")

    return _act(req, Permission.INVENTORY_WRITE, verb)


def recount(req: PageRequest) -> Response:
    """Request a recount of the variances."""

    def verb(tx: WriteTx, command: Command) -> str:
        verbs.recount(tx, command=command, reason=req.form.get("reason", "").strip())
        return _("Recount requested.")

    return _act(req, Permission.INVENTORY_WRITE, verb)


def cancel(req: PageRequest) -> Response:
    """Cancel the count."""

    def verb(tx: WriteTx, command: Command) -> str:
        verbs.cancel(tx, command=command)
        return _("Canceled. The stock is unchanged.")

    return _act(req, Permission.INVENTORY_WRITE, verb)


ROUTES: Routes = (
    Read("/counts", show, Permission.INVENTORY_READ),
    Read("/counts/{count_id:int}", one, Permission.INVENTORY_READ),
    Verb("/counts/open", open_count, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/scan", scan, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/write", write, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/submit", submit, Permission.STOCK_WORK),
    Verb("/counts/{count_id:int}/approve", approve, Permission.INVENTORY_WRITE),
    Verb("/counts/{count_id:int}/recount", recount, Permission.INVENTORY_WRITE),
    Verb("/counts/{count_id:int}/cancel", cancel, Permission.INVENTORY_WRITE),
)
