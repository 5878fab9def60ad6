"""Transfers between locations: list, one transfer, draft, request, ship, cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.responses import Response

from doorstep.delivery.console import lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.delivery.console.transfers import forms
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import transfers as verbs
from doorstep.domain.inventory.actions.transfers import Command
from doorstep.domain.inventory.model.transfers import TRANSFER_ACTIONS, Plan, RequestedLine, TransferState
from doorstep.domain.inventory.views import counts as names
from doorstep.domain.inventory.views import transfers as view
from doorstep.domain.inventory.views.transfers import TransferFilter, TransferRow
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural
from doorstep.kernel.ids import LocationId, Sku, TransferId, whole_number

BACK = f"{ROOT}/transfers"
STATES = {
    TransferState.DRAFT: Badge(_m("Draft"), "neutral", "circle"),
    TransferState.REQUESTED: Badge(_m("To ship"), "info", "calendar"),
    TransferState.SHIPPED: Badge(_m("In transit"), "progress", "half"),
    TransferState.RECEIVED: Badge(_m("Received"), "success", "check"),
    TransferState.CANCELED: Badge(_m("Canceled"), "neutral", "cross"),
}
OPEN = (TransferState.DRAFT, TransferState.REQUESTED, TransferState.SHIPPED)


def _name(row: TransferRow) -> Sequence[Cell]:
    found: list[Cell] = [
        Link(_("Transfer {id}").format(id=row.id), f"/transfers/{row.id}", "strong", value=str(row.id)),
    ]
    if row.suggested:
        found.append(Text(_("suggested"), "muted", value=""))
    if row.reference:
        found.append(Text(row.reference, "code", value=""))
    return found


def _yes(*, is_so: bool) -> Cell:
    return Text(_("yes") if is_so else _("no"))


def transfer_list(req: PageRequest, locations: Mapping[int, Location]) -> ListPage[TransferRow]:
    """Transfers, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[TransferRow]:
        states = tuple(TransferState) if query.get("state") == "all" else OPEN
        wanted = lists.keyset(query, view.SORTING, limit)
        found = view.rows(tx, wanted=TransferFilter(req.location_id, states, wanted))
        return lists.cut(found, view.SORTING, wanted)

    return ListPage(
        path="/transfers",
        columns=(
            Column(_m("Transfer"), _name, "s1", "id"),
            Column(_m("Reference"), lambda row: lists.text(row.reference), only_in_file=True),
            Column(_m("Suggested"), lambda row: _yes(is_so=row.suggested), only_in_file=True),
            Column(_m("From"), lambda row: Text(locations[row.origin_id].name), "s3"),
            Column(_m("To"), lambda row: Text(locations[row.destination_id].name), "s5"),
            Column(_m("SKUs"), lambda row: Count(row.skus), "num minor", "skus"),
            Column(_m("Units"), lambda row: Count(row.units, "strong"), "num s4", "units"),
            Column(_m("Status"), lambda row: Status(STATES[row.state]), "s2"),
            Column(_m("Since"), lambda row: At(row.since_at), "s6", "since_at"),
        ),
        fetch=fetch,
        noun=plural("{n} transfer", "{n} transfers"),
        sort="-id",
        look="cards",
        href=lambda row: f"/transfers/{row.id}",
        filters=[Choice("state", _m("Status"), [("", _m("Open")), ("all", _m("All"))])],
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The list, or all of it as CSV."""
    with req.app.db.read() as tx:
        locations = network.locations(tx)
        listed = transfer_list(req, locations)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {
        "list": found,
        "choices": [each for each in locations.values() if each.active],
        "mine": req.location_id or "",
        "may_work": req.principal.can(Permission.STOCK_WORK),
    }
    return page.render(req, "transfers/transfers.html", context, toast=toast, status=status)


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One transfer with its lines and what may be done."""
    transfer_id = req.number("transfer_id")
    with req.app.db.read() as tx:
        found = view.transfer(tx, transfer_id=transfer_id)
        mine = (
            req.location_id if req.location_id in {found.origin_id, found.destination_id} else found.origin_id
        )
        req.principal.require(Permission.INVENTORY_READ, at=mine)
        context = {
            "row": view.row(tx, transfer_id=transfer_id),
            "transfer": found,
            "titles": names.titles(tx, skus=[line.sku for line in found.lines]),
            "places": network.locations(tx),
            "actions": [
                each
                for each in TRANSFER_ACTIONS[found.state]
                if req.location_id is None
                or each == "receive"
                or req.location_id in found.acting_locations(each)
            ],
            "may_send": req.principal.can(Permission.STOCK_WORK)
            and req.location_id in {None, *found.acting_locations("change")},
            "may_receive": req.principal.can(Permission.STOCK_WORK)
            and req.location_id in {None, found.destination_id},
            "badge": STATES[found.state],
        }
    return page.render(req, "transfers/transfer.html", context, toast=toast, status=status)


def draft(req: PageRequest) -> Response:
    """Draft a transfer."""
    made: list[int] = []

    def verb(tx: WriteTx) -> str:
        form = forms.Draft.of(req.form)
        mine = (
            req.location_id if req.location_id in {form.origin, form.destination} else LocationId(form.origin)
        )
        req.principal.require(Permission.STOCK_WORK, at=mine)
        lines = lines_of(tx, form.lines)
        origin, destination = (
            network.location(tx, location_id=each).id for each in (form.origin, form.destination)
        )
        plan = Plan(origin, destination, lines, form.reference, form.note)
        made.extend(verbs.draft(tx, plans=[plan], at=req.now))
        return _("Transfer {id} is drafted. Request it to reserve the stock.").format(id=made[0])

    answer = page.act(req, verb, show=show, back=BACK)
    if made and not req.is_fragment:
        answer.headers["location"] = f"{BACK}/{made[0]}"
    return answer


def lines_of(tx: ReadTx, text: str) -> list[RequestedLine]:
    """Pasted lines: a SKU or barcode and, after a space, a number (1 if there is none)."""
    written = [line.split() for line in text.replace(",", " ").replace(";", " ").splitlines() if line.strip()]
    known = names.scanned(tx, codes=[line[0] for line in written])
    total: dict[Sku, int] = {}
    for line in written:
        number = whole_number(line[-1]) if len(line) > 1 else 1
        if number is None:
            message = _("{line}: enter a SKU, a space and a quantity.").format(line=" ".join(line))
            raise errors.Invalid(message, field="lines")
        sku = known.get(line[0], Sku(line[0]))
        total[sku] = total.get(sku, 0) + number
    return [RequestedLine(sku, quantity) for sku, quantity in total.items()]


def _act(req: PageRequest, action: str, verb: Callable[[WriteTx, Command], None], done: str) -> Response:
    transfer_id = TransferId(req.number("transfer_id"))

    def work(tx: WriteTx) -> str:
        found = view.transfer(tx, transfer_id=transfer_id)
        ends = found.acting_locations(action)
        req.principal.require(
            Permission.STOCK_WORK, at=req.location_id if req.location_id in ends else found.origin_id
        )
        verb(tx, Command(transfer_id, req.now, req.whole("version")))
        return done

    return page.act(req, work, show=one, back=f"{BACK}/{transfer_id}")


def request(req: PageRequest) -> Response:
    """Request the goods; they are reserved at the origin."""
    done = _("Requested. The stock is reserved.")
    return _act(req, "request", lambda tx, command: verbs.request(tx, command=command), done)


def ship(req: PageRequest) -> Response:
    """Ship the goods."""

    def verb(tx: WriteTx, command: Command) -> None:
        lines = view.transfer(tx, transfer_id=command.transfer_id).lines
        sent = {line.sku: req.whole(f"sent-{line.sku}") for line in lines}
        verbs.ship(tx, command=command, sent={sku: quantity or 0 for sku, quantity in sent.items()})

    return _act(req, "ship", verb, _("Shipped. The stock is in transit."))


def cancel(req: PageRequest) -> Response:
    """Cancel the transfer."""
    done = _("Canceled. Reserved stock is available again.")
    return _act(req, "cancel", lambda tx, command: verbs.cancel(tx, command=command), done)


def change(req: PageRequest) -> Response:
    """Replace the lines of a draft."""

    def verb(tx: WriteTx, command: Command) -> None:
        verbs.change(tx, command=command, lines=lines_of(tx, forms.Lines.of(req.form).lines))

    return _act(req, "change", verb, _("The lines are changed."))


ROUTES: Routes = (
    Read("/transfers", show, Permission.INVENTORY_READ),
    Read("/transfers/{transfer_id:int}", one, Permission.INVENTORY_READ),
    Verb("/transfers/draft", draft, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/change", change, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/request", request, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/ship", ship, Permission.STOCK_WORK),
    Verb("/transfers/{transfer_id:int}/cancel", cancel, Permission.STOCK_WORK),
)
