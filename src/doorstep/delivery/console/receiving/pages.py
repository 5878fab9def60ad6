"""Goods receipts: what is expected, counting a delivery, posting it, the receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import cells, lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.labels import SUPPLY_KINDS as KINDS
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import receiving as verbs
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.receiving import Delivery, DocumentKind
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.domain.inventory.model.transfers import TransferReceiptLine, TransferState
from doorstep.domain.inventory.views import counts as names
from doorstep.domain.inventory.views import receiving as view
from doorstep.domain.inventory.views import supplies as supply_view
from doorstep.domain.inventory.views import transfers as transfer_view
from doorstep.domain.inventory.views.receiving import ReceiptFilter, ReceiptRow
from doorstep.domain.inventory.views.supplies import SOONEST, SupplyFilter
from doorstep.domain.inventory.views.transfers import TransferFilter
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import LocationId, Sku, TransferId, whole_number
from doorstep.kernel.keyset import Keyset

BACK = f"{ROOT}/receiving"


@dataclass(frozen=True, slots=True)
class Expected:
    """A document that announces something for a location; `value` names it in the address."""

    value: str
    title: str
    location_id: int
    units: int


def _document(row: ReceiptRow) -> Cell:
    if row.transfer_id:
        return Link(_("Transfer {id}").format(id=row.transfer_id), f"/transfers/{row.transfer_id}")
    return Text(row.reference, "code") if row.reference else cells.NONE


def _as_announced(row: ReceiptRow) -> Cell:
    if row.kind == DocumentKind.NONE:
        return Text(_("no document"), "muted")
    if row.off:
        words = counted(row.off, "{n} discrepancy", "{n} discrepancies")
        return Status(Badge(words, "attention", "eye"), value=_("no"))
    return Status(Badge(_m("yes"), "success", "check"), is_quiet=True)


def receipt_list(req: PageRequest, locations: Mapping[int, Location]) -> ListPage[ReceiptRow]:
    """Goods receipts, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[ReceiptRow]:
        wanted = lists.keyset(query, view.SORTING, limit)
        rows = view.rows(tx, wanted=ReceiptFilter(req.location_id, wanted))
        return lists.cut(rows, view.SORTING, wanted)

    return ListPage(
        path="/receiving",
        columns=(
            Column(
                _m("Receipt"),
                lambda row: Link(
                    _("Receipt {id}").format(id=row.id), f"/receipts/{row.id}", "strong", value=str(row.id)
                ),
                "s1",
                "id",
            ),
            Column(_m("Location"), lambda row: Text(locations[row.location_id].name), "s3"),
            Column(_m("Document"), _document, "s5"),
            Column(_m("SKUs"), lambda row: Count(row.skus), "num minor", "skus"),
            Column(_m("Units"), lambda row: Count(row.units, "strong"), "num s4", "units"),
            Column(_m("As announced"), _as_announced, "s2", "off"),
            Column(_m("Discrepancies"), lambda row: Count(row.off), only_in_file=True),
            Column(_m("Received"), lambda row: At(row.received_at), "s6", "received_at"),
        ),
        fetch=fetch,
        noun=plural("{n} receipt", "{n} receipts"),
        sort="-id",
        look="cards",
        href=lambda row: f"/receipts/{row.id}",
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """What is expected, and the receipts; or all receipts as CSV."""
    with req.app.db.read() as tx:
        locations = network.locations(tx)
        listed = receipt_list(req, locations)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
        expected = _choices(tx, req.location_id)
    context = {
        "list": found,
        "places": locations,
        "locations": [
            each for each in locations.values() if each.active and req.location_id in (None, each.id)
        ],
        "expected": expected,
        "may_add": req.principal.can(Permission.INVENTORY_WRITE),
    }
    return page.render(req, "receiving/receiving.html", context, toast=toast, status=status)


def _choices(tx: ReadTx, location_id: LocationId | None) -> list[Expected]:
    """Transfers in transit and documents of suppliers, the soonest first."""
    wanted = TransferFilter(location_id, (TransferState.SHIPPED,), Keyset(limit=lists.ROWS))
    found = [
        Expected(f"transfer:{row.id}", _("Transfer {id}").format(id=row.id), row.destination_id, row.units)
        for row in transfer_view.rows(tx, wanted=wanted)
        if location_id in (None, row.destination_id)
    ]
    documents: dict[tuple[str, str, int], int] = {}
    for line in supply_view.page(
        tx, wanted=SupplyFilter(location_id=location_id, page=replace(SOONEST, limit=1000))
    ):
        if line.source != "transfers":
            key = (line.kind, line.number, line.location_id)
            documents[key] = documents.get(key, 0) + line.expected
    return found + [
        Expected(f"{kind}:{number}", f"{_(KINDS[SupplyKind(kind)])} {number}", location, units)
        for (kind, number, location), units in documents.items()
    ]


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One goods receipt."""
    receipt_id = req.number("receipt_id")
    with req.app.db.read() as tx:
        row = view.row(tx, receipt_id=receipt_id)
        req.principal.require(Permission.INVENTORY_READ, at=LocationId(row.location_id))
        lines = view.lines(tx, receipt_id=receipt_id)
        context = {
            "row": row,
            "lines": lines,
            "titles": names.titles(tx, skus=[line.sku for line in lines]),
            "place": network.location(tx, location_id=row.location_id),
        }
    return page.render(req, "receiving/receipt.html", context, toast=toast, status=status)


def station(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One delivery as it is counted; nothing is posted yet. Without a location, the way back to the list."""
    if whole_number(req.form.get("location") or req.query("location")) is None:
        return RedirectResponse(BACK, status_code=303)
    location_id, document = _chosen(req)
    is_scan = req.http.url.path.endswith("/scan")
    with req.app.db.read() as tx:
        location = network.location(tx, location_id=location_id)
        expected = _expected(tx, location_id, document)
        units = _units(req)
        if is_scan and toast is None:
            toast = _scanned(tx, req, units)
        skus = list(dict.fromkeys([*expected, *units]))
        context = {
            "place": location,
            "document": document,
            "title": _title(document),
            "expected": expected,
            "units": units,
            "damaged": {sku: req.form.get(f"damaged-{sku}", "") for sku in skus},
            "titles": names.titles(tx, skus=skus),
            "skus": skus,
            "scan": toast if is_scan else None,
        }
    shown = None if is_scan and req.is_fragment else toast
    return page.render(req, "receiving/receive.html", context, toast=shown, status=status)


def _chosen(req: PageRequest) -> tuple[LocationId, str]:
    """Which location and document, from the form or the address."""
    number = whole_number(req.form.get("location") or req.query("location"))
    if number is None:
        raise errors.Invalid(_("Choose a location first."), field="location")
    req.principal.require(Permission.STOCK_WORK, at=LocationId(number))
    return LocationId(number), req.form.get("document") or req.query("document")


def _title(document: str) -> str:
    kind, _colon, number = document.partition(":")
    if not document:
        return _("Goods without a document")
    return f"{_(KINDS[SupplyKind(kind)])} {number}" if kind in set(SupplyKind) else document


def _expected(tx: ReadTx, location_id: LocationId, document: str) -> dict[Sku, int]:
    """What is still expected, by SKU."""
    kind, _colon, number = document.partition(":")
    transfer_id = whole_number(number)
    if kind == SupplyKind.TRANSFER.value and transfer_id is not None:
        found = transfer_view.transfer(tx, transfer_id=transfer_id)
        if found.destination_id != location_id:
            raise errors.Invalid(_("This transfer goes to another location."), field="document")
        lines = found.lines
        return {line.sku: line.in_transit for line in lines if line.in_transit}
    expected: dict[Sku, int] = {}
    for row in supply_view.of_document(tx, kind=kind, number=number) if number else ():
        if row.location_id == location_id and row.expected:
            expected[Sku(row.sku)] = expected.get(Sku(row.sku), 0) + row.expected
    return expected


def _units(req: PageRequest) -> dict[Sku, int]:
    """Good units so far, by SKU; a blank field counts as none."""
    named = [name.removeprefix("good-") for name in req.form if name.startswith("good-")]
    return {Sku(sku): req.whole(f"good-{sku}") or 0 for sku in named}


def _scanned(tx: ReadTx, req: PageRequest, units: dict[Sku, int]) -> Toast | None:
    """Add one unit for a scan; without a code the numbers stay as they are."""
    code = req.form.get("code", "").strip()
    if not code:
        return None
    sku = names.scanned(tx, codes=[code]).get(code)
    if sku is None:
        return Toast(_("Unknown code {code}. Type the SKU instead.").format(code=code), "danger")
    units[sku] = units.get(sku, 0) + 1
    return Toast(f"{sku}: {units[sku]}")


def post(req: PageRequest) -> Response:
    """Post the receipt; the stock is available at once."""
    made: list[int] = []

    def verb(tx: WriteTx) -> str:
        location_id, document = _chosen(req)
        kind, _colon, number = document.partition(":")
        if number and kind not in set(SupplyKind):
            raise errors.Invalid(_("Choose a document of the list."), field="document")
        transfer_id = whole_number(number)
        is_transfer = kind == SupplyKind.TRANSFER.value and transfer_id is not None
        delivery = Delivery(
            location_id=location_id,
            lines=_lines(req, _units(req)),
            supply_kind=SupplyKind(kind) if number and not is_transfer else None,
            reference=req.form.get("reference", "").strip()
            if not number
            else ("" if is_transfer else number),
            transfer_id=TransferId(transfer_id) if is_transfer and transfer_id is not None else None,
            closes=req.form.get("closes") == "yes",
            note=req.form.get("note", "").strip(),
            is_bound_to_document=not req.principal.can(Permission.INVENTORY_WRITE),
        )
        if delivery.kind is DocumentKind.NONE:
            req.principal.require(Permission.INVENTORY_WRITE, at=location_id)
        booked = verbs.receive(tx, delivery=delivery, at=req.now)
        made.append(booked.receipt_id)
        units = sum(line.received for line in booked.lines)
        done = counted(units, "{n} unit received.", "{n} units received.")
        return _("Receipt {id}:").format(id=booked.receipt_id) + f" {done}"

    return page.act(req, verb, show=show_or_station(made), back=BACK)


def show_or_station(made: list[int]) -> page.View:
    """The list once it is posted; else the station with everything that was entered."""

    def shown(req: PageRequest, toast: Toast | None, status: int) -> Response:
        if not made:
            return station(req, toast, status)
        answer = show(req, toast, status)
        answer.headers["HX-Push-Url"] = BACK
        return answer

    return shown


def _lines(req: PageRequest, units: Mapping[Sku, int]) -> list[TransferReceiptLine]:
    lines = [TransferReceiptLine(sku, quantity) for sku, quantity in units.items() if quantity]
    for sku in units:
        damaged = req.whole(f"damaged-{sku}") or 0
        if damaged:
            lines.append(TransferReceiptLine(sku, damaged, Condition.DAMAGED, _("Damaged on arrival")))
    return lines


ROUTES: Routes = (
    Read("/receiving", show, Permission.INVENTORY_READ),
    Read("/receiving/new", station, Permission.STOCK_WORK),
    Read("/receipts/{receipt_id:int}", one, Permission.INVENTORY_READ),
    Verb("/receiving/scan", station, Permission.STOCK_WORK),
    Verb("/receiving/post", post, Permission.STOCK_WORK),
)
