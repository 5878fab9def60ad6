"""Apply what warehouses of partners report about stock: counts, changes, goods that came."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.connections.model import Connection
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.inventory import views as stock_views
from doorstep.domain.inventory.actions import feeds, receiving
from doorstep.domain.inventory.model.feeds import Feed, Mode, StockLine
from doorstep.domain.inventory.model.receiving import Delivery
from doorstep.domain.inventory.model.reports import GoodsReport, ReportedUnits, StockReport
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.domain.inventory.model.transfers import TransferReceiptLine
from doorstep.domain.inventory.views import supplies
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

_ANNOUNCING = (SupplyKind.ASN, SupplyKind.PURCHASE_ORDER)


def location_of(tx: ReadTx, *, connection_id: int, named: str) -> Location:
    """Our location of what a warehouse names. Raises Invalid until it is mapped."""
    codes = maps.targets(tx, connection_id=connection_id, kind=MapKind.LOCATION, sources=[named])
    found = {each.code: each for each in network.locations(tx).values()}.get(codes.get(named, ""))
    if found is None:
        raise errors.Invalid(
            f"The warehouse names the location {named!r}, which is not mapped: map it on the connection.",
            field="location",
        )
    return found


def lines_of(tx: ReadTx, *, connection_id: int, seen: StockReport) -> list[ReportedUnits]:
    """The lines of a report; in a complete one also a zero for everything that it does not name."""
    lines = list(seen.lines)
    if seen.is_complete:
        named = {(each.sku, each.condition) for each in lines}
        here = location_of(tx, connection_id=connection_id, named=seen.location)
        stocked = stock_views.stocked(tx, location_id=here.id)
        lines += [
            ReportedUnits(each.sku, 0, each.condition)
            for each in stocked
            if (each.sku, each.condition) not in named
        ]
    return lines


def count(tx: WriteTx, *, connection: Connection, seen: StockReport, now: datetime) -> None:
    """Bring stock to what the warehouse reports as of its time: what left later is not counted twice."""
    here = location_of(tx, connection_id=connection.id, named=seen.location)
    lines = [
        StockLine(number, each.sku, here.code, each.quantity, each.condition)
        for number, each in enumerate(lines_of(tx, connection_id=connection.id, seen=seen), start=1)
    ]
    if not lines:
        return
    mode = Mode.DELTA if seen.is_change else Mode.SET
    feed = Feed(connection.key, seen.key, mode, seen.as_of, lines)
    feeds.apply_feed(tx, feed=feed, locations={here.code: here.id}, now=now)


def receive(tx: WriteTx, *, connection: Connection, seen: GoodsReport, now: datetime) -> None:
    """Book goods that came against what announced them, else as a receipt without a document."""
    here = location_of(tx, connection_id=connection.id, named=seen.location)
    lines = [TransferReceiptLine(Sku(each.sku), each.quantity, each.condition) for each in seen.lines]
    kind = _announced_by(tx, seen)
    delivery = Delivery(
        here.id,
        lines,
        kind,
        seen.document or seen.key,
        closes=seen.closes and kind is not None,
        key=f"{connection.key}/{seen.key}",
    )
    receiving.receive(tx, delivery=delivery, at=min(seen.received_at, now))


def _announced_by(tx: ReadTx, seen: GoodsReport) -> SupplyKind | None:
    """What kind of document of ours has the number, if one has."""
    found = (
        kind
        for kind in _ANNOUNCING
        if seen.document and supplies.of_document(tx, kind=kind.value, number=seen.document)
    )
    return next(found, None)


def skus_of(tx: ReadTx, *, connection_id: int, seen: StockReport | GoodsReport) -> set[Sku]:
    """What a report is about, to be locked before anything changes."""
    if isinstance(seen, StockReport):
        return {Sku(each.sku) for each in lines_of(tx, connection_id=connection_id, seen=seen)}
    kind = _announced_by(tx, seen)
    announced = supplies.of_document(tx, kind=kind.value, number=seen.document) if kind else []
    return {Sku(each.sku) for each in seen.lines} | {Sku(each.sku) for each in announced}
