"""Returns by stage, one return, receive and inspect."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.responses import PlainTextResponse, Response

from doorstep.delivery.console import badges, lists, page
from doorstep.delivery.console.cells import Amount, At, Cell, Link, Status, Text
from doorstep.delivery.console.forms import WrongFields
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice, Tab
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.returns import forms
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import returns as view
from doorstep.domain.analytics.views.returns import ReturnDetail, ReturnRow, ReturnStage
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.domain.returns import views as return_views
from doorstep.domain.returns.model import Disposition, Grade, Inspection, RefundProgress
from doorstep.domain.returns.views import ReturnLine
from doorstep.flows.payments import owed
from doorstep.flows.returns import receive_returns
from doorstep.kernel import errors, localized
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural
from doorstep.kernel.ids import LocationId, ReturnId

STAGES = {
    ReturnStage.ARRIVING: _m("Arriving"),
    ReturnStage.TO_INSPECT: _m("To inspect"),
    ReturnStage.IN_DOUBT: _m("Refund to check"),
    ReturnStage.DONE: _m("Done"),
}
EMPTY = {
    ReturnStage.ARRIVING: (
        _m("No returns arriving"),
        _m("Returns appear here when a channel announces them."),
    ),
    ReturnStage.TO_INSPECT: (
        _m("No returns to inspect"),
        _m("Received parcels appear here. The inspection triggers the refund."),
    ),
    ReturnStage.IN_DOUBT: (
        _m("No refunds to check"),
        _m("Refunds that failed, or whose result is not known, appear here."),
    ),
    ReturnStage.DONE: (_m("No finished returns yet"), _m("Inspected returns appear here.")),
}
GRADES = (
    (Grade.NEW, _m("As new")),
    (Grade.B_GRADE, _m("B grade: worn or opened")),
    (Grade.DAMAGED, _m("Damaged")),
    (Grade.WRONG_ITEM, _m("Wrong item")),
)
DISPOSITIONS = (
    (Disposition.RESTOCK, _m("Restock")),
    (Disposition.QUARANTINE, _m("Quarantine")),
    (Disposition.SCRAP, _m("Scrap")),
)


def _money(row: ReturnRow) -> Cell:
    """The refund itself where there is a problem with it, else how far the money is."""
    if row.refund_state in badges.RETURN_REFUND:
        return Status(badges.RETURN_REFUND[row.refund_state])
    return Status(badges.badge("return_money", row.money), is_quiet=row.money is RefundProgress.PENDING)


def _stage(req: PageRequest) -> ReturnStage:
    chosen = req.query("view") or ReturnStage.ARRIVING.value
    if chosen not in set(ReturnStage):
        raise errors.NotFound(_("There is no view {view} of the returns.").format(view=chosen))
    return ReturnStage(chosen)


def return_list(req: PageRequest, tx: ReadTx) -> ListPage[ReturnRow]:
    """Returns of one stage, newest first."""
    chosen = _stage(req)
    counts = view.counts(tx, location_id=req.location_id)

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[ReturnRow]:
        wanted = lists.keyset(query, view.SORTING, limit)
        rows = view.stage(tx, stage=chosen, location_id=req.location_id, page=wanted)
        return lists.cut(rows, view.SORTING, wanted)

    return ListPage(
        path="/returns",
        columns=(
            Column(
                _m("Return"), lambda row: Link(row.number, f"/returns/{row.id}", "code strong"), "s1", "id"
            ),
            Column(
                _m("Order"),
                lambda row: Link(row.order_number, f"/orders/{row.order_id}", "code"),
                "s7",
                "order_number",
            ),
            Column(_m("Customer"), lambda row: lists.text(row.customer), "clip s3", "customer"),
            Column(_m("Items"), lambda row: Text(row.items), "clip minor s5"),
            Column(_m("Reason"), lambda row: lists.text(row.reason), "clip minor"),
            Column(_m("To"), lambda row: lists.text(row.location), "minor", "location"),
            Column(_m("Parcel"), lambda row: Status(badges.badge("return", row.custody)), "s2"),
            Column(_m("Refund"), _money, "s4"),
            Column(_m("Amount"), lambda row: Amount(row.refund_minor, row.currency), "num s6", "refund_key"),
            Column(_m("Currency"), lambda row: Text(row.currency), only_in_file=True),
            Column(_m("Announced"), lambda row: At(row.created_at), "s8", "created_at"),
        ),
        fetch=fetch,
        noun=plural("{n} return", "{n} returns"),
        sort="-id",
        look="cards",
        href=lambda row: f"/returns/{row.id}",
        tabs=[
            Tab(
                "" if each is ReturnStage.ARRIVING else each.value,
                word,
                counts[each],
                is_urgent=each is ReturnStage.IN_DOUBT,
            )
            for each, word in STAGES.items()
        ],
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One stage of the returns, or all of it as CSV."""
    with req.app.db.read() as tx:
        listed = return_list(req, tx)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {"list": found, "empty_words": EMPTY[_stage(req)]}
    return page.render(req, "returns/returns.html", context, toast=toast, status=status)


def _found(req: PageRequest, tx: ReadTx) -> ReturnDetail:
    """The return of the address, if this person may see it."""
    found = view.detail(tx, return_id=req.number("return_id"), now=req.now)
    location_id = found.entry.summary.location_id
    location = None if location_id is None else LocationId(location_id)
    req.principal.require_for(Permission.RETURNS_READ, record_at=location)
    return found


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One return."""
    with req.app.db.read() as tx:
        found = _found(req, tx)
        locations = [each for each in network.locations(tx).values() if req.location_id in (None, each.id)]
        everything = [
            Inspection(line.return_line_no, line.quantity, Grade.NEW, Disposition.RESTOCK)
            for line in found.entry.summary.lines
        ]
        each = return_views.one(tx, return_id=found.entry.summary.id)
        refunds = owed.preview(tx, each=each, inspections=everything)
    context = {
        "found": found,
        "refunds": refunds,
        "locations": locations,
        "grades": [(grade.value, _(word)) for grade, word in GRADES],
        "dispositions": [(disposition.value, _(word)) for disposition, word in DISPOSITIONS],
        "may_write": req.principal.can(Permission.RETURNS_WRITE),
    }
    return page.render(req, "returns/return.html", context, toast=toast, status=status)


def _act(req: PageRequest, verb: Callable[[WriteTx, ReturnId], str]) -> Response:
    return_id = ReturnId(req.number("return_id"))

    def permitted(tx: WriteTx) -> str:
        _found(req, tx)
        return verb(tx, return_id)

    return page.act(req, permitted, show=one, back=f"{ROOT}/returns/{return_id}")


def receive(req: PageRequest) -> Response:
    """Receive the parcel."""

    def verb(tx: WriteTx, return_id: ReturnId) -> str:
        chosen = req.whole("location")
        location_id = req.location_id or (None if chosen is None else LocationId(chosen))
        receive_returns.receive(tx, return_id=return_id, location_id=location_id, now=req.now)
        return _("Received. Open the parcel and inspect it.")

    return _act(req, verb)


def inspect(req: PageRequest) -> Response:
    """Complete the inspection: it decides stock and refund."""

    def verb(tx: WriteTx, return_id: ReturnId) -> str:
        lines = return_views.one(tx, return_id=return_id).lines
        receive_returns.inspect(tx, return_id=return_id, inspections=_inspections(req, lines), now=req.now)
        return _("Inspection completed. Stock is posted, and what is due is refunded.")

    return _act(req, verb)


def preview(req: PageRequest) -> Response:
    """What the form as it stands would refund: an amount, or the sentence that says what is wrong."""
    with req.app.db.read() as tx:
        found = return_views.one(tx, return_id=_found(req, tx).entry.summary.id)
        try:
            amounts = list(owed.preview(tx, each=found, inspections=_inspections(req, found.lines)).values())
        except errors.Invalid as problem:
            return PlainTextResponse(problem.message)
    return PlainTextResponse(localized.money(sum(amounts[1:], start=amounts[0])))


def _inspections(req: PageRequest, lines: Sequence[ReturnLine]) -> list[Inspection]:
    return [_inspection(req, line.return_line_no) for line in lines]


def _inspection(req: PageRequest, line_no: int) -> Inspection:
    """The fields of one line; an error names the field of that line."""
    names = ("quantity", "grade", "disposition", "refund", "note")
    values = {name: req.form.get(f"{name}-{line_no}", "") for name in names}
    try:
        form = forms.InspectedLine.of(values)
    except WrongFields as wrong:
        raise WrongFields({f"{name}-{line_no}": text for name, text in wrong.fields.items()}) from None
    return Inspection(
        return_line_no=line_no,
        quantity=form.quantity,
        grade=form.grade,
        disposition=form.disposition,
        refund=form.refund == "yes",
        note=form.note,
    )


ROUTES: Routes = (
    Read("/returns", show, Permission.RETURNS_READ),
    Read("/returns/{return_id:int}", one, Permission.RETURNS_READ),
    Verb("/returns/{return_id:int}/receive", receive, Permission.RETURNS_WRITE),
    Verb("/returns/{return_id:int}/inspect", inspect, Permission.RETURNS_WRITE),
    Verb("/returns/{return_id:int}/preview", preview, Permission.RETURNS_WRITE),
)
