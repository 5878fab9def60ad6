"""Build snapshots of orders: what a channel reports of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.clock import NOON

from doorstep.domain.orders.model import Address, OrderSnapshot, SnapshotLine, SnapshotPayment
from doorstep.domain.returns.model import ReturnRequestStatus, ReturnSnapshot, SnapshotReturnLine
from doorstep.kernel.ids import Sku

JACKET, SHIRT, SNEAKER = Sku("DJ-BL-01"), Sku("GT-WH-02"), Sku("SNK-BK-04")
DELHI = Address(
    name="Meera Iyer",
    phone="+910000012345",
    email="meera@customers.example",
    line1="12 Garden Lane",
    city="New Delhi",
    state="Delhi",
    state_code="DL",
    postal_code="110001",
    country="IN",
    latitude=28.6315,
    longitude=77.2167,
)
serial = itertools.count(1)


def line(sku: str, quantity: int = 1, price_minor: int = 79_900, **given: Any) -> SnapshotLine:
    """A line of an order; its external id is its SKU's."""
    reported: dict[str, Any] = {"external_line_id": f"line-{sku}", "title": f"Item {sku}"} | given
    return SnapshotLine(sku=Sku(sku), quantity=quantity, unit_price_minor=price_minor, **reported)


def order_snapshot(*lines: SnapshotLine, paid: bool = True, **given: Any) -> OrderSnapshot:
    """A valid order as a channel reports it, except for what is given; one jacket and two shirts by default."""
    lines = lines or (line(JACKET, 1, 299_900), line(SHIRT, 2, 79_900))
    total = sum(each.unit_price_minor * each.quantity - each.discount_minor for each in lines)
    number = next(serial)
    payment = SnapshotPayment(gateway="sandbox", method="upi", paid_minor=total if paid else 0, is_paid=paid)
    reported: dict[str, Any] = {
        "external_id": f"order-{number}",
        "number": f"#{number}",
        "version_at": NOON,
        "placed_at": NOON,
        "currency": "INR",
        "total_minor": total,
        "payment": payment,
        "shipping_address": DELHI,
    }
    return OrderSnapshot(lines=lines, **(reported | given))


def later(order: OrderSnapshot, minutes: int = 1, **changes: Any) -> OrderSnapshot:
    """A newer snapshot of the same order."""
    return replace(order, version_at=order.version_at + timedelta(minutes=minutes), **changes)


def paid(order: OrderSnapshot, minutes: int = 1) -> OrderSnapshot:
    """The same order, paid a little later."""
    money = replace(order.payment, is_paid=True, paid_minor=order.total_minor)
    return later(order, minutes, payment=money)


def return_snapshot(order_external_id: str, line: SnapshotReturnLine, **given: Any) -> ReturnSnapshot:
    """A return as a channel reports it, open and of one line unless given otherwise."""
    number = next(serial)
    reported: dict[str, Any] = {
        "external_id": f"return-{number}",
        "order_external_id": order_external_id,
        "name": f"R{number:04d}",
        "status": ReturnRequestStatus.OPEN,
        "version_at": NOON,
        "lines": (line,),
    }
    return ReturnSnapshot(**(reported | given))
