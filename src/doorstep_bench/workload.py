"""Workload W1: 500 SKUs, 12 locations, orders of 1 to 4 lines, quantities 1 to 3, distinct customers, paid."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from doorstep.bootstrap import App
from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.connections import actions as connections
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.domain.network.model import Location, LocationKind
from doorstep.domain.orders.actions import Incoming
from doorstep.domain.orders.model import Address, OrderSnapshot, SnapshotLine, SnapshotPayment
from doorstep.kernel.ids import LocationId, Sku

SKUS = [Sku(f"SKU-{number:04d}") for number in range(500)]
HOT = Sku("SKU-HOT")  # the SKU that all buyers want; besides the 500, so that it may run out
PLENTY = 10_000_000
NOW = datetime.now(UTC)


def stock_up(app: App, *, locations: int = 12, spread: float = 1.0) -> tuple[int, list[LocationId]]:
    """Create the catalog, network and ample stock, each SKU at that share of the locations; returns the channel's
    connection id and the location ids.
    """
    chance = random.Random(701)  # noqa: S311 - a workload that repeats, not a secret
    with app.db.write(actor="bench") as tx:
        catalog.put(tx, items=[_item(sku) for sku in (*SKUS, HOT)])
        network.put(tx, locations=[_location(number) for number in range(locations)], at=NOW)
        ids = [location.id for location in network_views.locations(tx).values()]
        units = [
            _received(sku, location_id, PLENTY)
            for sku in (*SKUS, HOT)
            for location_id in ids
            if spread >= 1 or chance.random() < spread
        ]
        inventory.move(tx, movements=units)
        row = connections.ConnectionRow(
            0, "shop", "channels", "sandbox", "Shop", "off", {"webhook_secret": ""}, None, NOW
        )
        return connections.configure(tx, row=row), ids


def _item(sku: Sku) -> Item:
    return Item(sku, f"Thing {sku}", "", "", "", "", "", 250, "6109", 500, 79_900, "INR")


def _location(number: int) -> Location:
    return Location(
        id=LocationId(0), code=f"L{number:02d}", name=f"Location {number}", kind=LocationKind.WAREHOUSE, company="Bench",
        gstin="", phone="", email="", line1="1 Road", line2="", city="City", state="", state_code="MH",
        postal_code="400001", country="IN", latitude=9 + 1.8 * (number % 12) + 0.3 * (number // 12), longitude=73 + (number * 7) % 15,
        timezone="Asia/Kolkata", hours={}, cut_off="16:00", carrier="", return_carrier="", ships=True, active=True,
    )  # fmt: skip


def _received(sku: Sku, location_id: LocationId, quantity: int) -> Movement:
    return Movement(MovementType.RECEIVED, sku, location_id, quantity, "bench", NOW)


def orders(
    connection_id: int, *, seed: int, first: int, count: int, sku: Sku | None = None
) -> Iterator[Incoming]:
    """Orders as a channel would send them; with `sku`, one unit of that SKU each."""
    chance = random.Random(seed)  # noqa: S311 - a workload that repeats, not a secret
    for number in range(first, first + count):
        lines = 1 if sku else chance.randint(1, 4)
        wanted = [(sku or chance.choice(SKUS), 1 if sku else chance.randint(1, 3)) for _ in range(lines)]
        yield _order(connection_id, number, wanted, chance)


def _order(connection_id: int, number: int, wanted: list[tuple[Sku, int]], chance: random.Random) -> Incoming:
    lines = tuple(
        SnapshotLine(f"{number}-{index}", sku, f"Thing {sku}", quantity, 79_900)
        for index, (sku, quantity) in enumerate(wanted)
    )
    total = sum(line.quantity * line.unit_price_minor for line in lines)
    address = Address(
        name=f"Customer {number}", phone=f"+91{number:010d}", email=f"c{number}@example.com", line1=f"{number} Road",
        city="Pune", state="Maharashtra", state_code="MH", postal_code="411001", country="IN",
        latitude=9 + chance.random() * 20, longitude=73 + chance.random() * 15,
    )  # fmt: skip
    paid = SnapshotPayment("razorpay", "upi", total, is_paid=True)
    reported = OrderSnapshot(
        external_id=str(number), number=f"#{number}", version_at=NOW, placed_at=NOW, currency="INR", lines=lines,
        total_minor=total, payment=paid, shipping_address=address, email=address.email,
    )  # fmt: skip
    return Incoming(connection_id, "shop", reported, f"{number:032x}")
