"""Apply imported stock files in chunks, one transaction each, by any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial

from doorstep.domain.catalog.model import Item
from doorstep.domain.inventory.actions import feeds, imports, replenishment, supplies
from doorstep.domain.inventory.actions.imports import Applied
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.claims import ClaimOutcome
from doorstep.domain.inventory.model.feeds import Feed, Mode, StockLine
from doorstep.domain.inventory.model.imports import Import, ImportKind, NewImport, reader_of, text_of
from doorstep.domain.inventory.model.replenishment import Rule
from doorstep.domain.inventory.model.supplies import SURE, Announcement, SupplyKind
from doorstep.domain.network import views as network
from doorstep.flows.stock import import_policies, items
from doorstep.flows.stock.import_policies import Chunk, Rows
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ImportId, Sku


def store(tx: WriteTx, *, new: NewImport, raw: Iterable[bytes], at: datetime) -> tuple[ImportId, bool]:
    """Store a file line by line; workers apply it. Returns its id, and whether its key was known. Raises BadFile."""
    rows = reader_of(new.file_name)(text_of(raw), new.kind)
    return imports.load(tx, new=new, rows=rows, at=at)


def apply_next(tx: WriteTx, file: Import, *, now: datetime) -> Import:
    """Check or apply the next chunk of a claimed file."""
    return imports.advance(tx, file=file, apply=partial(_apply, now), now=now)


def _apply(now: datetime, tx: WriteTx, file: Import, rows: Rows) -> Applied:
    locations = {each.code: each.id for each in network.locations(tx).values()}
    with tx.acting(file.actor):
        return _KINDS[file.kind](tx, Chunk(file, rows, locations, now))


def _stock(tx: WriteTx, given: Chunk) -> Applied:
    mode = Mode.SET if given.file.kind is ImportKind.STOCK else Mode.DELTA
    lines = [
        StockLine(
            row.line_no, row.cells[0], row.cells[1], int(row.cells[2]), Condition(row.cells[3] or "new")
        )
        for row in given.rows
    ]
    feed = Feed(
        given.file.source,
        f"import/{given.file.id}/{lines[0].line_no}/{len(lines)}",
        mode,
        given.file.as_of,
        lines,
    )
    taken = feeds.apply_feed(tx, feed=feed, locations=given.locations, now=given.now)
    reported = _by_outcome(taken)
    return Applied(
        reported[ClaimOutcome.IGNORED], reported[ClaimOutcome.REFUSED], reported[ClaimOutcome.CONTRADICTED]
    )


def _by_outcome(taken: feeds.FeedResult) -> dict[ClaimOutcome, list[tuple[int, str]]]:
    reported: dict[ClaimOutcome, list[tuple[int, str]]] = {outcome: [] for outcome in ClaimOutcome}
    for each in taken.results:
        reported[each.outcome].append((each.line_no, each.reason))
    return reported


def _skus(tx: WriteTx, given: Chunk) -> Applied:
    rows = [
        Item(
            Sku(sku),
            title,
            style,
            category,
            color,
            size,
            barcode,
            int(weight),
            hsn,
            int(gst or 0),
            int(price),
            currency,
        )
        for sku, title, style, category, color, size, barcode, weight, hsn, gst, price, currency in (
            row.cells for row in given.rows
        )
    ]
    items.put(tx, items=rows)
    return Applied()


def _supplies(tx: WriteTx, given: Chunk) -> Applied:
    reported = [
        Announcement(
            kind=SupplyKind(kind),
            number=number,
            line_no=int(line_no),
            sku=Sku(sku),
            location_id=given.locations[location],
            quantity=int(quantity),
            eta_date=date.fromisoformat(eta),
            confidence=int(confidence or SURE),
            source=given.file.source,
        )
        for kind, number, line_no, sku, location, quantity, eta, confidence in (
            row.cells for row in given.rows
        )
    ]
    supplies.put(tx, reported=reported, at=given.now)
    return Applied()


def _replenishment(tx: WriteTx, given: Chunk) -> Applied:
    rules = [
        Rule(
            source_id=given.locations[source],
            min_quantity=int(low),
            max_quantity=int(high),
            cover_days=int(days or 0),
            sku=Sku(sku) if sku else None,
            category=category or None,
            location_id=given.locations[location] if location else None,
            location_kind=kind or None,
        )
        for sku, category, location, kind, source, low, high, days in (row.cells for row in given.rows)
    ]
    replenishment.put(tx, rules=rules, at=given.now)
    return Applied()


_KINDS: Mapping[ImportKind, Callable[[WriteTx, Chunk], Applied]] = {
    ImportKind.STOCK: _stock,
    ImportKind.STOCK_CHANGES: _stock,
    ImportKind.SKUS: _skus,
    ImportKind.SUPPLIES: _supplies,
    ImportKind.REPLENISHMENT: _replenishment,
    ImportKind.RULES: import_policies.rules,
    ImportKind.SELL_AHEAD: import_policies.sell_ahead,
    ImportKind.PARTS: import_policies.parts,
}
