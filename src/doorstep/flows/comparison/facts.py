"""Shipments and fulfillments as facts that can be compared."""

from __future__ import annotations

from collections import Counter

from doorstep.domain.connections.model.comparison import Fact, units
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.orders.views import Order, StoredFulfillment
from doorstep.domain.shipping.views import Shipment
from doorstep.kernel.db import ReadTx


def confirmed(tx: ReadTx, *, channel_id: int, shipment: Shipment) -> dict[Fact, str]:
    """What a channel is to be informed of a shipment, with its own name of the carrier."""
    names = maps.targets(tx, connection_id=channel_id, kind=MapKind.CARRIER, sources=[shipment.carrier])
    return {
        Fact.UNITS: units_of(shipment),
        Fact.TRACKING_NUMBER: shipment.tracking_number,
        Fact.CARRIER: names.get(shipment.carrier, shipment.carrier),
    }


def units_of(shipment: Shipment) -> str:
    """The units of a shipment by SKU."""
    counts = Counter[str]()
    for line in shipment.lines:
        counts[line.sku] += line.quantity
    return units(counts)


def of_fulfillment(order: Order, each: StoredFulfillment) -> dict[Fact, str]:
    """A fulfillment at the channel, its lines by our SKUs."""
    skus = {line.external_line_id: line.sku for line in order.lines}
    counts = Counter[str]()
    for line, quantity in each.lines.items():
        counts[skus.get(line, line)] += quantity
    day = f"{each.delivered_at:%Y-%m-%d}" if each.delivered_at else ""
    facts = {
        Fact.UNITS: units(counts),
        Fact.TRACKING_NUMBER: ", ".join(each.tracking_numbers),
        Fact.CARRIER: each.carrier,
        Fact.DELIVERED_ON: day,
    }
    return {name: value for name, value in facts.items() if value}
