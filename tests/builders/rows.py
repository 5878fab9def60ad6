"""Store single things: SKUs, locations, stock, a connection, orders without an allocation."""

from __future__ import annotations

from typing import Any

from tests.builders.snapshots import line, order_snapshot
from tests.clock import NOON

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import ConnectionRow
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.domain.network.model import Location, LocationKind
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Incoming
from doorstep.kernel import event_log
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, OrderId, Sku


def item(sku: str) -> Item:
    """Something to sell."""
    return Item(Sku(sku), f"Item {sku}", "", "", "", "", f"bar-{sku}", 200, "6109", 500, 79_900, "INR")


def location(
    code: str, state_code: str = "MH", *, latitude: float = 19.0, longitude: float = 72.8, **given: Any
) -> Location:
    """A location that ships with the connection "parcels"."""
    reported: dict[str, Any] = {
        "id": LocationId(0), "code": code, "name": f"Place {code}", "kind": LocationKind.WAREHOUSE,
        "company": "NotNaked Retail Private Limited", "gstin": "27AABCN9999N1ZB", "phone": "+91", "email": "",
        "line1": "1 Some Road", "line2": "", "city": "Mumbai", "state": "", "state_code": state_code,
        "postal_code": "400001", "country": "IN", "latitude": latitude, "longitude": longitude,
        "timezone": "Asia/Kolkata", "hours": {}, "cut_off": "16:00", "carrier": "parcels", "return_carrier": "",
        "ships": True, "active": True,
    }  # fmt: skip
    return Location(**(reported | given))


def channel(tx: WriteTx, key: str = "shop") -> int:
    """A connection's row, for tests that need no partner behind it."""
    row = ConnectionRow(
        0, key, "channels", "sandbox", "NotNaked online", "live", {"webhook_secret": ""}, None, NOON
    )
    return connections.configure(tx, row=row)


def stock(tx: WriteTx, **units: dict[str, int]) -> dict[str, LocationId]:
    """Locations by code with so many units of each SKU; gives their ids."""
    catalog.put(tx, items=[item(sku) for sku in sorted({sku for each in units.values() for sku in each})])
    network.put(tx, locations=[location(code) for code in units], at=NOON)
    ids = {each.code: each.id for each in network_views.locations(tx).values()}
    movements = [
        Movement(MovementType.RECEIVED, Sku(sku), ids[code], quantity, "opening stock", NOON)
        for code, each in units.items()
        for sku, quantity in each.items()
        if quantity
    ]
    inventory.move(tx, movements=movements)
    return ids


def stock_events(tx: ReadTx, location_id: int) -> list[event_log.Event]:
    """The stock events of a location, oldest first; that it was created is another story."""
    found = event_log.of_stream(tx, stream="location", stream_id=location_id)
    return [each for each in found if each.type.startswith("stock.")]


def store_orders(tx: WriteTx, count: int = 1, *, sku: str = "A", quantity: int = 1) -> list[OrderId]:
    """Orders of one line each, stored as a channel reports them and neither checked nor routed."""
    connection = channel(tx)
    incoming = [
        Incoming(connection, "shop", order_snapshot(line(sku, quantity)), f"trace-{number}")
        for number in range(count)
    ]
    stored = orders.upsert(tx, reported=orders.classify(tx, incoming=incoming), now=NOON)
    return [accepted.order_id for accepted in stored]
