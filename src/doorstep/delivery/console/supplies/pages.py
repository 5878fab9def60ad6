"""Incoming supply: list, one line, announce, change with a preview of promised dates, close, cancel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from starlette.responses import Response

from doorstep.delivery.console import lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import Cell, Count, Link, Status, Text
from doorstep.delivery.console.labels import SUPPLY_KINDS as KINDS
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.delivery.console.supplies import forms
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import supplies as verbs
from doorstep.domain.inventory.actions.supplies import SupplyResult, SupplyUpdate
from doorstep.domain.inventory.model.supplies import Announcement, SupplyKind, SupplyState
from doorstep.domain.inventory.views import promises as promise_view
from doorstep.domain.inventory.views import supplies as view
from doorstep.domain.inventory.views.supplies import SupplyFilter, SupplyRow
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.kernel import errors, localized
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import Sku

BACK = f"{ROOT}/supplies"
STATES = {
    SupplyState.OPEN: Badge(_m("Expected"), "info", "calendar"),
    SupplyState.CLOSED: Badge(_m("Closed"), "neutral", "check"),
    SupplyState.CANCELED: Badge(_m("Canceled"), "neutral", "cross"),
}
VIEWS = (("", _m("Expected")), ("closed", _m("Closed")), ("canceled", _m("Canceled")), ("all", _m("All")))
OVERDUE = Badge(_m("overdue"), "danger", "clock")


def _columns(today: date) -> Sequence[Column[SupplyRow]]:
    def expected_on(row: SupplyRow) -> Sequence[Cell]:
        found: list[Cell] = [
            Link(localized.day(row.eta_date), f"/supplies/{row.id}", "strong", row.eta_date.isoformat())
        ]
        late = row.state == SupplyState.OPEN and row.eta_date < today
        return [*found, Status(OVERDUE, value="")] if late else found

    def document(row: SupplyRow) -> Sequence[Cell]:
        line = _("line {n}").format(n=row.line_no)
        kind = Text(_(KINDS[SupplyKind(row.kind)]), value="")
        return [kind, Text(row.number, "code"), Text(line, "muted", value="")]

    return (
        Column(_m("Expected on"), expected_on, "s1", "eta_date"),
        Column(_m("Document"), document, "s3", "number"),
        Column(_m("Type"), lambda row: Text(_(KINDS[SupplyKind(row.kind)])), only_in_file=True),
        Column(_m("Line"), lambda row: Count(row.line_no), only_in_file=True),
        Column(
            _m("SKU"),
            lambda row: [Text(row.sku, "code"), Text(row.title, "muted", value="")],
            "clip wide s5",
            "sku",
        ),
        Column(_m("Name"), lambda row: Text(row.title), only_in_file=True),
        Column(_m("To"), lambda row: Text(row.location), "minor"),
        Column(_m("Expected"), lambda row: Count(row.expected, "strong"), "num s4", "expected"),
        Column(_m("Promised"), lambda row: Count(row.promised), "num minor", "promised"),
        Column(
            _m("Received"),
            lambda row: Text(
                _("{part} of {whole}").format(part=row.received, whole=row.quantity), value=str(row.received)
            ),
            "num s6",
        ),
        Column(_m("Ordered"), lambda row: Count(row.quantity), only_in_file=True),
        Column(
            _m("Confidence"), lambda row: Text(f"{row.confidence} %", value=str(row.confidence)), "num minor"
        ),
        Column(_m("Status"), lambda row: Status(STATES[SupplyState(row.state)]), "s2"),
    )


def supply_list(req: PageRequest, locations: Sequence[Location]) -> ListPage[SupplyRow]:
    """Lines of documents, the soonest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[SupplyRow]:
        state = query.get("state", SupplyState.OPEN.value)
        location = lists.keyset(query, view.SORTING, limit)
        wanted = SupplyFilter(
            text=query.get("q").strip(),
            state="" if state == "all" else state,
            location_id=req.location_id or query.number("location"),
            page=location,
        )
        return lists.cut(view.page(tx, wanted=wanted), view.SORTING, location)

    filters = [Choice("state", _m("Status"), VIEWS)]
    if len(locations) > 1:
        options = [("", _m("Any location")), *((str(each.id), each.name) for each in locations)]
        filters.append(Choice("location", _m("Location"), options))
    return ListPage(
        path="/supplies",
        columns=_columns(req.now.astimezone(req.zone).date()),
        fetch=fetch,
        noun=plural("{n} line", "{n} lines"),
        sort=view.SOONEST.sort,
        look="cards",
        href=lambda row: f"/supplies/{row.id}",
        search=_m("Document, SKU or name"),
        filters=filters,
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The list, or all of it as CSV."""
    with req.app.db.read() as tx:
        locations = [each for each in network.locations(tx).values() if req.location_id in (None, each.id)]
        listed = supply_list(req, locations)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {
        "list": found,
        "choices": locations,
        "kinds": [(str(kind), _(word)) for kind, word in KINDS.items()],
        "may_write": req.principal.can(Permission.INVENTORY_WRITE),
    }
    return page.render(req, "supplies/supplies.html", context, toast=toast, status=status)


def one(
    req: PageRequest, toast: Toast | None = None, status: int = 200, tried: SupplyResult | None = None
) -> Response:
    """One line with what is promised of it, and after a preview the promised dates that would change."""
    supply_id = req.number("supply_id")
    with req.app.db.read() as tx:
        supply = view.supply(tx, supply_id=supply_id)
        req.principal.require(Permission.INVENTORY_READ, at=supply.location_id)
        rows = promise_view.of_supply(tx, supply_id=supply_id)
        waiting = promise_view.of_sku(tx, sku=supply.sku) if tried is not None else []
        location = network.location(tx, location_id=supply.location_id)
    context = {
        "supply": supply,
        "kind": KINDS[supply.kind],
        "badge": STATES[supply.state],
        "place": location,
        "promises": rows,
        "open_units": sum(row.quantity - row.arrived for row in rows if row.state == "open"),
        "today": req.now.astimezone(req.zone).date(),
        "tried": tried,
        "numbers": {row.order_id: row.number for row in waiting},
        "may_write": req.principal.can(Permission.INVENTORY_WRITE),
    }
    return page.render(req, "supplies/supply.html", context, toast=toast, status=status)


def announce(req: PageRequest) -> Response:
    """Announce a line of supply by hand."""

    def verb(tx: WriteTx) -> str:
        form = forms.Announce.of(req.form)
        line = Announcement(
            form.kind,
            form.number,
            form.line_no,
            Sku(form.sku),
            network.location(tx, location_id=form.location_id).id,
            form.quantity,
            form.eta_date,
            form.confidence,
            req.principal.actor,
        )
        outcome = verbs.put(tx, reported=[line], at=req.now)
        done = _("{document}: {n} × {sku} expected.").format(
            document=line.number, n=line.quantity, sku=line.sku
        )
        return f"{done} {_moved(outcome)}"

    return page.act(req, verb, show=show, back=BACK)


def change(req: PageRequest) -> Response:
    """Preview another date, quantity or confidence, or save it."""
    try:
        form = forms.SupplyForm.of(req.form)
        wanted = SupplyUpdate(
            req.number("supply_id"), form.eta_date, form.quantity, form.confidence, form.version
        )
        if form.do != "try":
            return _end(req, lambda tx: verbs.change(tx, changes=[wanted], at=req.now), _("Supply changed."))
        tried = req.app.db.transact(
            lambda tx: verbs.preview(tx, changes=[wanted], at=req.now),
            actor=req.principal.actor,
            trace_id=req.trace_id,
        )
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=one)
    return one(page.keeping(req), tried=tried)


def close(req: PageRequest) -> Response:
    """Close a line: no more units are expected."""
    ids = [req.number("supply_id")]
    return _end(req, lambda tx: verbs.close(tx, supply_ids=ids, at=req.now), _("Line closed."))


def cancel(req: PageRequest) -> Response:
    """Cancel a line: it never arrives."""
    ids = [req.number("supply_id")]
    return _end(req, lambda tx: verbs.cancel(tx, supply_ids=ids, at=req.now), _("Line canceled."))


def _end(req: PageRequest, verb: Callable[[WriteTx], SupplyResult], done: str) -> Response:
    def work(tx: WriteTx) -> str:
        return f"{done} {_moved(verb(tx))}"

    return page.act(req, work, show=one, back=f"{BACK}/{req.number('supply_id')}")


def _moved(outcome: SupplyResult) -> str:
    orders = len({each.order_id for each in outcome.changed})
    if not orders:
        return _("No promised dates changed.")
    return counted(
        orders, "The promised date of {n} order changed.", "The promised dates of {n} orders changed."
    )


ROUTES: Routes = (
    Read("/supplies", show, Permission.INVENTORY_READ),
    Read("/supplies/{supply_id:int}", one, Permission.INVENTORY_READ),
    Verb("/supplies/announce", announce, Permission.INVENTORY_WRITE),
    Verb("/supplies/{supply_id:int}/change", change, Permission.INVENTORY_WRITE),
    Verb("/supplies/{supply_id:int}/close", close, Permission.INVENTORY_WRITE),
    Verb("/supplies/{supply_id:int}/cancel", cancel, Permission.INVENTORY_WRITE),
)
