"""Receiving: choose what came, scan or write the pieces, and book them beside what was announced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import receiving as verbs
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.receiving import Delivery
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.domain.inventory.model.transfers import Arrived, TransferState
from doorstep.domain.inventory.views import counts as names
from doorstep.domain.inventory.views import receiving as view
from doorstep.domain.inventory.views import supplies as supply_view
from doorstep.domain.inventory.views import transfers as transfer_view
from doorstep.domain.inventory.views.receiving import ReceiptFilter
from doorstep.domain.inventory.views.supplies import SupplyFilter
from doorstep.domain.inventory.views.transfers import TransferFilter
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku, TransferId

BACK = f"{ROOT}/receiving"
_PAGE = 100
KINDS = {
    SupplyKind.PURCHASE_ORDER: "Purchase order",
    SupplyKind.TRANSFER: "Transfer",
    SupplyKind.ASN: "Shipping notice",
    SupplyKind.PRODUCTION: "Production",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A document that announces something for a location; `value` is how the address names it."""

    value: str
    words: str
    location_id: int
    pieces: int


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """What may come, and what came lately."""
    before = ask.query("before")
    wanted = ReceiptFilter(ask.location_id, int(before) if before.isdigit() else None, _PAGE)
    with ask.app.db.read() as tx:
        rows = view.rows(tx, wanted=wanted)
        places = network.locations(tx)
        choices = _choices(tx, ask.location_id)
    context = {
        "rows": rows,
        "next": rows[-1].id if len(rows) == _PAGE else None,
        "places": places,
        "locations": [each for each in places.values() if each.active and ask.location_id in (None, each.id)],
        "choices": choices,
        "may_work": ask.principal.can(Permission.STOCK_WORK),
    }
    return page.render(ask, "receiving/receiving.html", context, toast=toast, status=status)


def _choices(tx: ReadTx, location_id: LocationId | None) -> list[Choice]:
    """Transfers on the road and documents of others, soonest first."""
    wanted = TransferFilter(location_id, (TransferState.SHIPPED,), limit=_PAGE)
    found = [
        Choice(f"transfer:{row.id}", f"Transfer {row.id}", row.destination_id, row.pieces)
        for row in transfer_view.rows(tx, wanted=wanted)
        if location_id in (None, row.destination_id)
    ]
    documents: dict[tuple[str, str, int], int] = {}
    for line in supply_view.page(tx, wanted=SupplyFilter(location_id=location_id, limit=1000)):
        if line.source != "transfers":
            key = (line.kind, line.number, line.location_id)
            documents[key] = documents.get(key, 0) + line.expected
    return found + [
        Choice(f"{kind}:{number}", f"{KINDS[SupplyKind(kind)]} {number}", place, pieces)
        for (kind, number, place), pieces in documents.items()
    ]


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """A receipt."""
    receipt_id = ask.number("receipt_id")
    with ask.app.db.read() as tx:
        row = view.row(tx, receipt_id=receipt_id)
        ask.principal.require(Permission.INVENTORY_READ, at=LocationId(row.location_id))
        lines = view.lines(tx, receipt_id=receipt_id)
        context = {
            "row": row,
            "lines": lines,
            "titles": names.titles(tx, skus=[line.sku for line in lines]),
            "place": network.location(tx, location_id=row.location_id),
        }
    return page.render(ask, "receiving/receipt.html", context, toast=toast, status=status)


def station(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """The pieces of one delivery, as far as they are scanned or written; nothing is booked yet."""
    location_id, document = _chosen(ask)
    is_scan = ask.request.url.path.endswith("/scan")
    with ask.app.db.read() as tx:
        place = network.location(tx, location_id=location_id)
        expected = _expected(tx, location_id, document)
        pieces = _pieces(ask)
        if is_scan and toast is None:
            toast = _scanned(tx, ask, pieces)
        skus = list(dict.fromkeys([*expected, *pieces]))
        context = {
            "place": place,
            "document": document,
            "words": _words(document),
            "expected": expected,
            "pieces": pieces,
            "damaged": {sku: ask.form.get(f"damaged-{sku}", "") for sku in skus},
            "titles": names.titles(tx, skus=skus),
            "skus": skus,
            "scan": toast if is_scan else None,
            "form": ask.form,
        }
    shown = None if is_scan and ask.is_fragment else toast
    return page.render(ask, "receiving/receive.html", context, toast=shown, status=status)


def _chosen(ask: Ask) -> tuple[LocationId, str]:
    """Which location and document, from the form or the address."""
    location = ask.form.get("location") or ask.query("location")
    if not location.isdigit():
        raise errors.Invalid("Choose a location first.", field="location")
    ask.principal.require(Permission.STOCK_WORK, at=LocationId(int(location)))
    return LocationId(int(location)), ask.form.get("document") or ask.query("document")


def _words(document: str) -> str:
    kind, _, number = document.partition(":")
    if not document:
        return "Goods without a document"
    return f"{KINDS[SupplyKind(kind)]} {number}" if kind in set(SupplyKind) else document


def _expected(tx: ReadTx, location_id: LocationId, document: str) -> dict[Sku, int]:
    """What is still announced, by SKU."""
    kind, _, number = document.partition(":")
    if kind == SupplyKind.TRANSFER.value and number.isdigit():
        lines = transfer_view.transfer(tx, transfer_id=int(number)).lines
        return {line.sku: line.on_the_road for line in lines if line.on_the_road}
    expected: dict[Sku, int] = {}
    for row in supply_view.of_document(tx, kind=kind, number=number) if number else ():
        if row.location_id == location_id and row.expected:
            expected[Sku(row.sku)] = expected.get(Sku(row.sku), 0) + row.expected
    return expected


def _pieces(ask: Ask) -> dict[Sku, int]:
    """What is written so far; a piece that was scanned counts, a field left empty does not."""
    named = [name.removeprefix("good-") for name in ask.form if name.startswith("good-")]
    return {Sku(sku): ask.whole(f"good-{sku}") or 0 for sku in named}


def _scanned(tx: ReadTx, ask: Ask, pieces: dict[Sku, int]) -> Toast | None:
    """One scan is one piece more; without a code the numbers are only kept."""
    code = ask.form.get("code", "").strip()
    if not code:
        return None
    sku = names.scanned(tx, codes=[code]).get(code)
    if sku is None:
        return Toast(f"Nobody knows the code {code}: type the SKU instead.", "danger")
    pieces[sku] = pieces.get(sku, 0) + 1
    return Toast(f"{sku}: {pieces[sku]}")


def book(ask: Ask) -> Response:
    """Everything that is written comes onto the shelf."""
    made: list[int] = []

    def verb(tx: WriteTx) -> str:
        location_id, document = _chosen(ask)
        kind, _, number = document.partition(":")
        is_transfer = kind == SupplyKind.TRANSFER.value and number.isdigit()
        delivery = Delivery(
            location_id=location_id,
            lines=_lines(ask, _pieces(ask)),
            supply_kind=SupplyKind(kind) if number and not is_transfer else None,
            reference=ask.form.get("reference", "").strip()
            if not number
            else ("" if is_transfer else number),
            transfer_id=TransferId(int(number)) if is_transfer else None,
            closes=ask.form.get("closes") == "yes",
            note=ask.form.get("note", "").strip(),
        )
        booked = verbs.receive(tx, delivery=delivery, at=ask.now)
        made.append(booked.receipt_id)
        return (
            f"Receipt {booked.receipt_id}: {sum(line.received for line in booked.lines)} pieces are booked."
        )

    return page.act(ask, verb, show=show_or_station(made), back=BACK)


def show_or_station(made: list[int]) -> page.View:
    """The overview once it is booked, the station with everything kept when it could not be."""

    def shown(ask: Ask, toast: Toast | None, status: int) -> Response:
        if not made:
            return station(ask, toast, status)
        answer = show(ask, toast, status)
        answer.headers["HX-Push-Url"] = BACK
        return answer

    return shown


def _lines(ask: Ask, pieces: Mapping[Sku, int]) -> list[Arrived]:
    lines = [Arrived(sku, quantity) for sku, quantity in pieces.items() if quantity]
    for sku in pieces:
        damaged = ask.whole(f"damaged-{sku}") or 0
        if damaged:
            lines.append(Arrived(sku, damaged, Condition.DAMAGED, "Damaged on arrival"))
    return lines


ROUTES: Routes = (
    Read("/receiving", show, Permission.INVENTORY_READ),
    Read("/receiving/new", station, Permission.STOCK_WORK),
    Read("/receipts/{receipt_id:int}", one, Permission.INVENTORY_READ),
    Verb("/receiving/scan", station, Permission.STOCK_WORK),
    Verb("/receiving/book", book, Permission.STOCK_WORK),
)
