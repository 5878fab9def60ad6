"""Orders and stock for a simulation, from files: NDJSON and CSV. They never become real orders or stock."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.connections.model import Connection, Kind
from doorstep.domain.inventory import views as stock_views
from doorstep.domain.orders.actions import Incoming, New
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.routing.model import StockKey, stock_key
from doorstep.domain.routing.model.lab import Arrival, Past
from doorstep.flows.allocation import demand, eligible_stock
from doorstep.flows.allocation.eligible_stock import StockNeeds
from doorstep.flows.capture import intake
from doorstep.flows.capture.direct_orders import DIRECT
from doorstep.flows.context import Context
from doorstep.flows.routing_rules import history
from doorstep.flows.routing_rules.simulation import Material
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, OrderId

_COLUMNS = ("sku", "location", "quantity")
_MOST_CHARACTERS = 200_000_000


def check(orders: str, stock: str | None) -> None:
    """Check the files. Raises Invalid."""
    if len(orders) > _MOST_CHARACTERS:
        raise errors.Invalid("The order file is too long: use a part of it.", field="orders")
    if not orders.strip():
        raise errors.Invalid("The order file is empty.", field="orders")
    for _ in () if stock is None else _rows(stock):
        pass


def read(context: Context, tx: ReadTx, *, orders: str, stock: str | None, now: datetime) -> Material:
    """Read files into past orders and stock (without a stock file: today's stock).

    Raises Invalid with the line of the first unreadable document, NotFound without a direct connection.
    """
    reported = list(_orders(context, orders))
    fresh = [New(OrderId(-line), each) for line, each in enumerate(reported, start=1)]
    traits = catalog.attributes(tx, skus={line.sku for each in reported for line in each.snapshot.lines})
    arrivals = [
        Arrival(each.snapshot.placed_at, wanted)
        for each, wanted in zip(reported, demand.of_new(fresh, traits=traits), strict=True)
        if wanted.wants
    ]
    arrivals.sort(key=lambda each: (each.at, -each.demand.order_id))
    goods = eligible_stock.needs(tx, skus={want.sku for each in arrivals for want in each.demand.wants})
    network = history.network_at(tx, at=now)
    stock_now = _now(tx, goods) if stock is None else _reported(stock, network.codes)
    numbers = {
        new.order_id: each.snapshot.number or each.snapshot.external_id
        for new, each in zip(fresh, reported, strict=True)
    }
    found = Past(stock_now, goods.recipes, arrivals, (), network.codes, network.network, network.shift)
    return Material(found, numbers)


def _orders(context: Context, text: str) -> Iterator[Incoming]:
    """Parse each document with its connection."""
    connection = _direct(context)
    reader = context.partners.inbound(connection.id)
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                messages = reader.parse("orders", {}, line.encode())
            except errors.Invalid as problem:
                raise errors.Invalid(f"Line {number}: {problem.message}", field="orders") from problem
            for each in messages:
                if isinstance(each, OrderSnapshot):
                    yield Incoming(connection.id, connection.key, intake.with_coordinates(each), "")


def _direct(context: Context) -> Connection:
    for each in context.partners.of_kind(Kind.CHANNELS):
        if each.connector_id == DIRECT:
            return each
    raise errors.NotFound("Order documents need a direct connection: add one first.")


def _now(tx: ReadTx, goods: StockNeeds) -> dict[StockKey, dict[LocationId, int]]:
    free = stock_views.free(tx, parts=goods.locked_parts)
    return {stock_key(*part): dict(there) for part, there in free.items()}


def _reported(text: str, codes: Mapping[LocationId, str]) -> dict[StockKey, dict[LocationId, int]]:
    locations = {code: location for location, code in codes.items()}
    found: dict[StockKey, dict[LocationId, int]] = {}
    for number, (sku, code, units) in enumerate(_rows(text), start=2):
        if code not in locations:
            raise errors.Invalid(f"Line {number}: there is no location {code}.", field="stock")
        found.setdefault(sku, {})[locations[code]] = units
    return found


def _rows(text: str) -> Iterator[tuple[str, str, int]]:
    """SKU, location and units per row. Raises Invalid."""
    rows = csv.DictReader(io.StringIO(text))
    if missing := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
        raise errors.Invalid(f"The header of the stock file lacks {', '.join(missing)}.", field="stock")
    for row in rows:
        try:
            yield row["sku"].strip(), row["location"].strip(), int(row["quantity"])
        except (ValueError, AttributeError) as problem:
            raise errors.Invalid(
                f"Line {rows.line_num}: quantity must be a whole number.", field="stock"
            ) from problem
