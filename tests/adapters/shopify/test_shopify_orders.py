"""Shopify's order webhooks: complete orders add up, edits remove units, invalid values are kept and held."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.clock import NOON

from doorstep.adapters.channels.shopify.wire import orders as wire
from doorstep.domain.orders import model as orders
from doorstep.kernel import errors, ids, money


def line(**changes: object) -> dict[str, object]:
    return {
        "id": 9007199254740993001,
        "sku": "KURTA-BL-M",
        "name": "Blue Kurta - M",
        "quantity": 2,
        "price": "799.50",
        "requires_shipping": True,
        "tax_lines": [{"price": "81.53"}],
        "discount_allocations": [{"amount": "79.00"}],
        **changes,
    }


def order(**changes: object) -> dict[str, Any]:
    return {
        "id": 5600000000000000001,
        "name": "#2041",
        "created_at": "2026-05-04T18:10:00+05:30",
        "updated_at": "2026-05-04T18:11:00+05:30",
        "processed_at": "2026-05-04T18:09:00+05:30",
        "currency": "INR",
        "total_price": "1570.00",
        "total_tax": "81.53",
        "total_discounts": "79.00",
        "total_tip_received": "0.00",
        "total_outstanding": "0.00",
        "taxes_included": True,
        "financial_status": "paid",
        "payment_gateway_names": ["Razorpay", "UPI"],
        "shipping_lines": [{"title": "Standard", "price": "50.00", "discounted_price": "50.00"}],
        "email": "meera@example.in",
        "phone": "+919800000001",
        "source_name": "web",
        "note": "Ring twice",
        "tags": "vip, gift ,",
        "customer": {"id": 700000000001},
        "shipping_address": {
            "first_name": "Meera",
            "last_name": "Iyer",
            "address1": "7 Rajpath Lane",
            "city": "New Delhi",
            "province": "Delhi",
            "province_code": "DL",
            "zip": "110003",
            "country_code": "IN",
            "phone": "+919800000001",
            "latitude": 28.61,
            "longitude": "77.21",
        },
        "line_items": [line()],
        **changes,
    }


def parse(document: object) -> orders.OrderSnapshot:
    return wire.parse(json.dumps(document).encode())


def test_a_complete_order() -> None:
    seen = parse(order())
    assert seen.external_id == "5600000000000000001"
    assert seen.number == "#2041"
    assert seen.version_at == datetime(2026, 5, 4, 12, 41, tzinfo=UTC)
    assert seen.placed_at == datetime(2026, 5, 4, 12, 39, tzinfo=UTC)
    assert seen.lines == (
        orders.SnapshotLine(
            external_line_id="9007199254740993001",
            sku=ids.Sku("KURTA-BL-M"),
            title="Blue Kurta - M",
            quantity=2,
            unit_price_minor=79950,
            discount_minor=7900,
            tax_minor=8153,
        ),
    )
    assert (seen.total_minor, seen.shipping_minor, seen.tax_minor, seen.tax_included) == (
        157000,
        5000,
        8153,
        True,
    )
    assert orders.expected_total(seen) == seen.total_minor
    assert seen.payment == orders.SnapshotPayment(
        gateway="Razorpay", method="UPI", paid_minor=157000, is_paid=True
    )
    assert (seen.tags, seen.note, seen.source, seen.shipping_method) == (
        ("vip", "gift"),
        "Ring twice",
        "web",
        "Standard",
    )
    assert (seen.customer_external_id, seen.email, seen.phone) == (
        "700000000001",
        "meera@example.in",
        "+919800000001",
    )


def test_the_address() -> None:
    seen = parse(order())
    assert seen.billing_address is None
    assert seen.shipping_address == orders.Address(
        name="Meera Iyer",
        phone="+919800000001",
        email="meera@example.in",
        line1="7 Rajpath Lane",
        city="New Delhi",
        state="Delhi",
        state_code="DL",
        postal_code="110003",
        country="IN",
        latitude=28.61,
        longitude=77.21,
    )


def test_an_order_of_the_bare_minimum() -> None:
    bare = {
        "id": 1,
        "created_at": "2026-05-04T12:00:00Z",
        "currency": "INR",
        "total_price": "10.00",
        "line_items": [{"id": 2, "quantity": 1, "price": "10.00"}],
    }
    seen = parse(bare)
    assert (seen.number, seen.version_at, seen.lines[0].sku, seen.lines[0].title) == (
        "#1",
        seen.placed_at,
        "",
        "",
    )
    assert (seen.payment, seen.shipping_address, seen.tags) == (orders.SnapshotPayment(), None, ())
    assert orders.expected_total(seen) == 1000


def test_free_shipping_and_discounts_that_nobody_allocated() -> None:
    seen = parse(
        order(
            total_discounts="70.00",
            total_price="1579.00",
            shipping_lines=[{"title": "Free", "price": "50.00", "discounted_price": "0.00"}],
            line_items=[line(discount_allocations=None), line(id=3, quantity=0, discount_allocations=[])],
        )
    )
    assert seen.shipping_minor == 0
    assert [item.discount_minor for item in seen.lines] == [2000, 0]
    assert orders.expected_total(seen) == seen.total_minor


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"financial_status": "pending", "total_outstanding": "1570.00"}, (False, 0, False)),
        ({"financial_status": "partially_paid", "total_outstanding": "570.00"}, (False, 100000, False)),
        ({"financial_status": "refunded", "total_outstanding": None}, (True, 157000, False)),
        ({"financial_status": "voided", "total_outstanding": None}, (False, 0, False)),
        ({"financial_status": "pending", "total_outstanding": "1570.00", "payment_gateway_names": ["Cash on Delivery (COD)"]}, (False, 0, True)),
        ({"financial_status": "pending", "total_outstanding": "1570.00", "payment_gateway_names": ["cod"]}, (False, 0, True)),
        ({"financial_status": "pending", "total_outstanding": "1600.00", "payment_gateway_names": None}, (False, 0, False)),
    ],
)  # fmt: skip
def test_payments(changes: dict[str, object], expected: tuple[bool, int, bool]) -> None:
    paid = parse(order(**changes)).payment
    assert (paid.is_paid, paid.paid_minor, paid.on_delivery) == expected


def test_edits_remove_units_and_lines() -> None:
    seen = parse(
        order(
            current_total_price="810.00",
            current_total_tax="40.77",
            line_items=[line(current_quantity=1), line(id=3, current_quantity=0, discount_allocations=[])],
        )
    )
    assert [(item.external_line_id, item.quantity) for item in seen.lines] == [("9007199254740993001", 1)]
    assert (seen.lines[0].discount_minor, seen.lines[0].tax_minor) == (3950, 4076)
    assert (seen.total_minor, seen.tax_minor) == (81000, 4077)
    assert orders.expected_total(seen) == seen.total_minor


def test_what_was_fulfilled_stays_ordered_when_it_is_refunded() -> None:
    fulfilled = [
        {"status": "cancelled", "line_items": [{"id": 9007199254740993001, "quantity": 2}]},
        {
            "status": "success",
            "line_items": [{"id": 9007199254740993001, "quantity": 2}, {"id": 5, "quantity": 1}],
        },
    ]
    seen = parse(
        order(current_total_price="50.00", fulfillments=fulfilled, line_items=[line(current_quantity=1)])
    )
    assert [item.quantity for item in seen.lines] == [2]
    assert seen.total_minor == 157000


def test_fulfillments_are_read_whoever_made_them() -> None:
    item = {"id": 9007199254740993001, "quantity": 1}
    whole = {
        "id": 255858046,
        "status": "success",
        "line_items": [item, item],
        "tracking_company": "Delhivery",
        "tracking_numbers": ["1Z001", "1Z002"],
        "shipment_status": "delivered",
        "created_at": NOON.isoformat(),
        "updated_at": (NOON + timedelta(days=2)).isoformat(),
    }
    failed = {"id": 2, "status": "failure", "tracking_number": "1Z003", "shipment_status": "in_transit"}
    assert parse(order(fulfillments=[whole, failed, {"status": "open"}])).fulfillments == (
        orders.ReportedFulfillment(
            "255858046",
            {"9007199254740993001": 2},
            tracking_numbers=("1Z001", "1Z002"),
            carrier="Delhivery",
            shipped_at=NOON,
            delivered_at=NOON + timedelta(days=2),
        ),
        orders.ReportedFulfillment("2", {}, is_void=True, tracking_numbers=("1Z003",)),
    )


def test_a_cancelled_order_keeps_its_lines() -> None:
    seen = parse(
        order(
            cancelled_at="2026-05-05T10:00:00+05:30",
            current_total_price="0.00",
            line_items=[line(current_quantity=0)],
        )
    )
    assert seen.canceled_at == datetime(2026, 5, 5, 4, 30, tzinfo=UTC)
    assert ([item.quantity for item in seen.lines], seen.total_minor) == ([2], 157000)


def test_oddities_are_kept_to_be_held() -> None:
    seen = parse(
        order(
            currency="XYZ",
            line_items=[
                line(quantity=0, current_quantity=0),
                line(id=3, quantity=-1, sku=None, current_quantity=-1),
            ],
        )
    )
    assert seen.currency == "XYZ"
    assert [(item.quantity, item.sku) for item in seen.lines] == [(0, "KURTA-BL-M"), (-1, "")]
    assert money.text(seen.total_minor, "XYZ") == "1570"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (order(line_items=[line(quantity="two")]), "line_items[0].quantity"),
        (order(line_items=[line(), {"id": 1, "quantity": 1}]), "line_items[1].price"),
        (order(line_items=[line(price="7.999")]), "line_items[0].price"),
        (order(line_items=[line(tax_lines=[{"price": "0.001"}])]), "line_items[0].tax_lines[0].price"),
        (order(line_items=[line(discount_allocations=[{"amount": "1,000"}])]), "line_items[0].discount_allocations[0].amount"),
        (order(total_price="NaN"), "total_price"),
        (order(created_at="yesterday"), "created_at"),
        (order(shipping_lines=[{"price": "1.001"}]), "shipping_lines[0].price"),
        ({"hello": "world"}, "id"),
        ([], ""),
    ],
)  # fmt: skip
def test_a_broken_body_names_the_place(document: object, place: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        parse(document)
    assert caught.value.data["field"] == place
