"""Shipment confirmations: what Amazon takes (Orders v0, confirmShipment), and how a repeat is recognized."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from doorstep.adapters.channels.amazon.wire import carriers
from doorstep.adapters.channels.amazon.wire.orders import Order, Package
from doorstep.domain.orders.ports import ShipmentNotice

_REFERENCES = 10**9


def package_reference(reference: str) -> str:
    """Our reference as a package number: Amazon takes positive numbers only, and the same one is the same package."""
    digest = hashlib.sha256(reference.encode()).digest()
    return str(int.from_bytes(digest[:8], "big") % _REFERENCES + 1)


def confirmed(order: Order, notice: ShipmentNotice) -> str:
    """The number of the package in which Amazon has this shipment already; empty if it has not."""
    ours = package_reference(notice.reference)
    wanted = notice.tracking_number.casefold()
    units = {line.external_line_id: line.quantity for line in notice.lines}
    for package in order.packages or ():
        is_same = bool(wanted) and (package.tracking_number or "").casefold() == wanted
        if package.package_reference_id == ours or (is_same and _has(package, units)):
            return package.package_reference_id
    return ""


def _has(package: Package, units: Mapping[str, int]) -> bool:
    """Whether a package of another number has these units: several of ours may travel under one tracking number."""
    there = {each.order_item_id: each.quantity for each in package.package_items}
    return not there or all(there.get(name, 0) >= quantity for name, quantity in units.items())


def confirmation(order: Order, notice: ShipmentNotice, *, shipped_at: datetime) -> dict[str, object]:
    """The body of confirmShipment."""
    code = carriers.code_of(notice.carrier)
    package: dict[str, object] = {
        "packageReferenceId": package_reference(notice.reference),
        "carrierCode": code,
        "trackingNumber": notice.tracking_number,
        "shipDate": shipped_at.isoformat(timespec="seconds"),
        "orderItems": [
            {"orderItemId": line.external_line_id, "quantity": line.quantity} for line in notice.lines
        ],
    }
    if code == carriers.OTHER:
        package["carrierName"] = notice.carrier
    return {"marketplaceId": order.sales_channel.marketplace_id, "packageDetail": package}
