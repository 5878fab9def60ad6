"""Doorstep's own order format: exact values, and errors that name the field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from doorstep.adapters.channels.direct import wire
from doorstep.domain.orders import model as orders
from doorstep.kernel import errors
from doorstep.kernel.ids import Sku

LINE = {"sku": "GT-WH-02", "quantity": 2, "unit_price_minor": 79_950}
LEAST = {"external_id": "B2B-1", "placed_at": "2026-05-05T10:00:00+05:30", "currency": "INR", "lines": [LINE]}
AT = datetime(2026, 5, 5, 4, 30, tzinfo=UTC)


def read(**more: Any) -> orders.OrderSnapshot:
    return wire.parse(json.dumps(LEAST | more).encode())


def test_the_least_that_is_an_order() -> None:
    reported = read()
    assert (reported.external_id, reported.number, reported.placed_at, reported.version_at) == (
        "B2B-1",
        "B2B-1",
        AT,
        AT,
    )
    assert reported.lines == (orders.SnapshotLine("1", Sku("GT-WH-02"), "GT-WH-02", 2, 79_950),)
    assert (reported.total_minor, reported.shipping_address, reported.payment) == (
        159_900,
        None,
        orders.SnapshotPayment(),
    )


def test_everything_that_may_be_shown() -> None:
    reported = read(
        number="#7", updated_at="2026-05-05T05:00:00Z", total_minor=1, shipping_minor=2, tax_minor=3, tip_minor=4,
        tax_included=False, payment={"gateway": "razorpay", "method": "upi", "is_paid": True, "paid_minor": 1},
        shipping_address={"name": "A", "country": "IN", "latitude": 19.1, "longitude": 72.8},
        billing_address={"name": "B"}, customer_id="c", email="e", phone="p", shipping_method="express",
        source="till", note="n", tags=["vip"], cart_reference="cart-7", cancelled_at="2026-05-05T06:00:00Z",
        lines=[LINE | {"id": "11", "title": "Tee", "discount_minor": 5, "tax_minor": 6, "requires_shipping": False}],
    )  # fmt: skip
    assert reported.version_at == datetime(2026, 5, 5, 5, tzinfo=UTC)
    assert reported.lines == (
        orders.SnapshotLine("11", Sku("GT-WH-02"), "Tee", 2, 79_950, 5, 6, requires_shipping=False),
    )
    assert reported.payment == orders.SnapshotPayment("razorpay", "upi", 1, is_paid=True)
    assert reported.shipping_address == orders.Address(name="A", country="IN", latitude=19.1, longitude=72.8)
    assert (reported.total_minor, reported.tags, reported.cart_reference) == (1, ("vip",), "cart-7")
    assert reported.canceled_at == datetime(2026, 5, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"currency": "rupees"}, "currency"),
        ({"placed_at": "yesterday"}, "placed_at"),
        ({"placed_at": "2026-05-05T10:00:00"}, "placed_at"),
        ({"lines": [LINE | {"quantity": "two"}]}, "lines[0].quantity"),
        ({"lines": [LINE | {"colour": "red"}]}, "lines[0]"),
        ({"shipping_address": {"latitude": 91}}, "shipping_address.latitude"),
        ({"external_id": ""}, "external_id"),
        ({"total": 5}, ""),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], place: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        read(**change)
    assert refused.value.data["field"] == place


@pytest.mark.parametrize(
    ("body", "known_as"),
    [
        (LEAST, "B2B-1@2026-05-05T10:00:00+05:30"),
        (LEAST | {"updated_at": "2026-05-06"}, "B2B-1@2026-05-06"),
        ({"lines": []}, None),
        ({"external_id": 7}, None),
    ],
)
def test_an_order_is_known_by_its_version(body: dict[str, Any], known_as: str | None) -> None:
    assert wire.event_id(json.dumps(body).encode()) == known_as
