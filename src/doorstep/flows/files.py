"""Files of stock and what belongs to it: what each kind's rows do, a handful per transaction, any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.inventory.actions import feeds, imports, replenishment, supplies
from doorstep.domain.inventory.actions.imports import Applied
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.claims import Outcome
from doorstep.domain.inventory.model.feeds import Feed, Line, Mode
from doorstep.domain.inventory.model.imports import Import, ImportKind
from doorstep.domain.inventory.model.replenishment import Rule
from doorstep.domain.inventory.model.supplies import SURE, Announcement, SupplyKind
from doorstep.domain.network import views as network
from doorstep.flows.world import World
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ImportId, LocationId, Sku

Rows = Sequence[imports.Cells]


def advance(world: World, *, import_id: ImportId | None = None) -> Import | None:
    """Do the next handful of a file that is due (this one, or the oldest); None when there is nothing to do."""
    now = world.clock.now()
    with world.db.write(actor="system") as tx:
        return imports.advance(tx, apply=_apply, now=now, import_id=import_id)


def _apply(tx: WriteTx, file: Import, rows: Rows) -> Applied:
    places = {each.code: each.id for each in network.locations(tx).values()}
    with tx.acting(file.actor):
        return _KINDS[file.kind](tx, file, rows, places)


def _stock(tx: WriteTx, file: Import, rows: Rows, places: Mapping[str, LocationId]) -> Applied:
    mode = Mode.SET if file.kind is ImportKind.STOCK else Mode.DELTA
    lines = [
        Line(row.line_no, row.cells[0], row.cells[1], int(row.cells[2]), Condition(row.cells[3] or "new"))
        for row in rows
    ]
    feed = Feed(file.source, f"import/{file.id}/{lines[0].line_no}/{len(lines)}", mode, file.as_of, lines)
    taken = feeds.take(tx, feed=feed, places=places, now=file.created_at)
    told = {outcome: [] for outcome in Outcome} | _by_outcome(taken)
    return Applied(told[Outcome.IGNORED], told[Outcome.REFUSED], told[Outcome.CONTRADICTED])


def _by_outcome(taken: feeds.Taken) -> dict[Outcome, list[tuple[int, str]]]:
    told: dict[Outcome, list[tuple[int, str]]] = {}
    for each in taken.results:
        told.setdefault(each.outcome, []).append((each.line_no, each.reason))
    return told


def _skus(tx: WriteTx, file: Import, rows: Rows, places: Mapping[str, LocationId]) -> Applied:
    items = [
        Item(
            Sku(sku),
            title,
            style,
            category,
            colour,
            size,
            barcode,
            int(weight),
            hsn,
            int(gst or 0),
            int(price),
            currency,
        )
        for sku, title, style, category, colour, size, barcode, weight, hsn, gst, price, currency in (
            row.cells for row in rows
        )
    ]
    catalog.put(tx, items=items)
    return Applied()


def _supplies(tx: WriteTx, file: Import, rows: Rows, places: Mapping[str, LocationId]) -> Applied:
    told = [
        Announcement(
            kind=SupplyKind(kind),
            number=number,
            line_no=int(line_no),
            sku=Sku(sku),
            location_id=places[location],
            quantity=int(quantity),
            eta_date=date.fromisoformat(eta),
            confidence=int(confidence or SURE),
            source=file.source,
        )
        for kind, number, line_no, sku, location, quantity, eta, confidence in (row.cells for row in rows)
    ]
    supplies.put(tx, told=told, at=file.created_at)
    return Applied()


def _replenishment(tx: WriteTx, file: Import, rows: Rows, places: Mapping[str, LocationId]) -> Applied:
    rules = [
        Rule(
            source_id=places[source],
            min_quantity=int(low),
            max_quantity=int(high),
            cover_days=int(days or 0),
            sku=Sku(sku) if sku else None,
            category=category or None,
            location_id=places[location] if location else None,
            location_kind=kind or None,
        )
        for sku, category, location, kind, source, low, high, days in (row.cells for row in rows)
    ]
    replenishment.put(tx, rules=rules, at=file.created_at)
    return Applied()


_KINDS: Mapping[ImportKind, Callable[[WriteTx, Import, Rows, Mapping[str, LocationId]], Applied]] = {
    ImportKind.STOCK: _stock,
    ImportKind.STOCK_CHANGES: _stock,
    ImportKind.SKUS: _skus,
    ImportKind.SUPPLIES: _supplies,
    ImportKind.REPLENISHMENT: _replenishment,
}
