"""Amazon's orders as snapshots: amounts that add up, whose work it is, and when it is due."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.amazon.documents import (
    GO_LIVE,
    SPECS,
    check,
    fulfillment,
    item,
    model,
    order,
    part,
    read,
    rupees,
    zulu,
)
from tests.clock import NOON

from doorstep.adapters.channels.amazon.wire import orders
from doorstep.domain.orders.model import Address, Handling, ReportedFulfillment, expected_total
from doorstep.kernel import errors

FACILITATOR = {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR"}]}


def test_our_own_documents_are_valid_by_the_model() -> None:
    asks = {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Too late"}}
    check("orders_2026-01-01", "Order", order(item(cancellation=asks, tax=FACILITATOR), programs=["PRIME"]))


def test_an_order_that_the_seller_ships() -> None:
    found = read(order(programs=["PRIME", "AMAZON_BUSINESS"]))
    assert (found.external_id, found.number) == ("403-1234567-7654321",) * 2
    assert (found.version_at, found.placed_at) == (NOON, NOON - timedelta(hours=2))
    assert (found.currency, found.total_minor, expected_total(found)) == ("INR", 119_800, 119_800)
    (line,) = found.lines
    assert (line.external_line_id, line.sku, line.quantity, line.unit_price_minor) == (
        "111",
        "GT-WH-02",
        2,
        59_900,
    )
    assert line.requires_shipping
    assert (found.handling, found.payment.is_paid, found.payment.paid_minor) == (Handling.OURS, True, 119_800)
    assert found.payment.gateway == "amazon"
    assert (found.ship_by, found.promised_at) == (NOON + timedelta(days=1), NOON + timedelta(days=4))
    assert (found.ship_after, found.shipping_method, found.source) == (NOON, "STANDARD", "A21TJRUUN4KGV")
    assert (found.tags, found.priority) == (("prime", "amazon-business"), 1)
    assert found.shipping_address == Address(
        name="Meera Nair",
        phone="+919812345678",
        line1="12 Lodhi Road",
        city="New Delhi",
        state="DL",
        state_code="DL",
        postal_code="110003",
        country="IN",
    )


SHIPPING_OFF = {
    "detailedBreakdowns": [{"subtype": "SHIPPING", "value": rupees("-10.00")}, {"subtype": "ITEM"}]
}
MONEY: list[tuple[tuple[dict[str, Any], ...], str, dict[str, Any], tuple[int, int, int, bool]]] = [
    ((part("ITEM", "1198.00"),), "1198.00", {}, (119_800, 0, 0, True)),
    ((part("ITEM", "1198.00"), part("TAX", "215.64")), "1413.64", {}, (141_364, 0, 21_564, False)),
    ((part("ITEM", "1198.00"), part("TAX", "182.75")), "1198.00", {}, (119_800, 0, 18_275, True)),
    ((part("ITEM", "1198.00"), part("TAX", "215.64")), "1413.64", {"tax": FACILITATOR}, (119_800, 0, 0, True)),
    ((part("ITEM", "1198.00"), part("TAX", "215.64")), "1198.00", {"tax": FACILITATOR}, (119_800, 0, 0, True)),
    ((part("ITEM", "1198.00"), part("SHIPPING", "49.00"), part("GIFT_WRAP", "20.00")), "1267.00", {}, (126_700, 6_900, 0, True)),
    ((part("ITEM", "1198.00"), part("DISCOUNT", "-98.00")), "1100.00", {}, (110_000, 0, 0, True)),
    ((part("ITEM", "1198.00"), part("DISCOUNT", "98.00")), "1100.00", {}, (110_000, 0, 0, True)),
    (
        (part("ITEM", "1198.00"), part("SHIPPING", "49.00"), part("DISCOUNT", "-30.00", **SHIPPING_OFF)),
        "1217.00",
        {},
        (121_700, 3_900, 0, True),
    ),
    ((part("ITEM", "1000.01"),), "1000.01", {}, (100_001, 0, 0, True)),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "total", "more", "expected"), MONEY)
def test_amounts_add_up_to_amazons_total(
    parts: tuple[dict[str, Any], ...], total: str, more: dict[str, Any], expected: tuple[int, int, int, bool]
) -> None:
    found = read(order(item(*parts, **more), total=total))
    assert (found.total_minor, found.shipping_minor, found.tax_minor, found.tax_included) == expected
    assert expected_total(found) == found.total_minor


@given(st.integers(1, 9), st.integers(0, 10**7), st.integers(0, 10**5), st.integers(0, 10**5))
def test_any_price_adds_up(quantity: int, goods: int, shipping: int, tax: int) -> None:
    parts = [part("ITEM", f"{goods / 100:.2f}"), part("SHIPPING", f"{shipping / 100:.2f}")]
    total = f"{(goods + shipping + tax) / 100:.2f}"
    found = read(order(item(*parts, part("TAX", f"{tax / 100:.2f}"), quantity=quantity), total=total))
    assert expected_total(found) == found.total_minor == goods + shipping + tax


def test_a_total_that_nothing_explains_stays() -> None:
    found = read(order(total="1.00"))
    assert (found.total_minor, expected_total(found)) == (100, 119_800)


@pytest.mark.parametrize(("status", "tip"), [("FINALIZED", 500), ("PENDING", 0)])
def test_a_tip_counts_once_it_is_final(status: str, tip: int) -> None:
    total = f"{1198 + tip / 100:.2f}"
    proceeds = {
        "grandTotal": rupees(total),
        "breakdowns": [part("DELIVERY_TIP", "5.00", status=status), part("ITEM", "1198.00")],
    }
    found = read(order(proceeds=proceeds))
    assert (found.tip_minor, expected_total(found)) == (tip, found.total_minor)


def test_an_item_without_proceeds_has_its_listed_price() -> None:
    plain = item()
    del plain["proceeds"]
    assert read(order(plain, total=None)).total_minor == 119_800
    plain["product"] = {"asin": "B000TEST01"}
    bare = read(order({**plain, "quantityOrdered": 0}, total=None))
    assert (bare.currency, bare.total_minor, bare.lines[0].title, bare.lines[0].sku) == (
        "",
        0,
        "B000TEST01",
        "",
    )
    plain["product"] = {"price": {}}
    assert read(order(plain, total=None)).lines[0].title == ""


@pytest.mark.parametrize("amount", ["12.345", "NaN", "much"])
def test_an_amount_that_is_none_is_invalid(amount: str) -> None:
    with pytest.raises(errors.Invalid):
        read(order(item(part("ITEM", amount))))


def test_two_currencies_in_an_order_are_invalid() -> None:
    foreign = part("ITEM", "1198.00")
    foreign["subtotal"] = {"amount": "1198.00", "currencyCode": "USD"}
    with pytest.raises(errors.Invalid, match="USD in an order in INR"):
        read(order(item(foreign)))


@pytest.mark.parametrize("field", ["createdTime", "lastUpdatedTime"])
def test_a_time_without_zone_is_invalid(field: str) -> None:
    with pytest.raises(errors.Invalid, match=field):
        read(order(**{field: zulu(NOON).removesuffix("Z")}))


OLD = {"createdTime": zulu(GO_LIVE - timedelta(minutes=1))}
HANDLED: list[tuple[dict[str, Any], Handling]] = [
    (order(status="UNSHIPPED"), Handling.OURS),
    (order(status="PENDING"), Handling.WAITING),
    (order(status="PENDING_AVAILABILITY"), Handling.WAITING),
    (order(fulfillment=None), Handling.WAITING),
    (order(status="SHIPPED"), Handling.ELSEWHERE),
    (order(status="UNFULFILLABLE"), Handling.ELSEWHERE),
    (order(status=orders.CANCELED), Handling.OURS),
    (order(fulfillment=fulfillment("PENDING", by="AMAZON")), Handling.ELSEWHERE),
    (order(fulfillment=fulfillment("UNSHIPPED", by="AMAZON"), **OLD), Handling.ELSEWHERE),
    (order(**OLD), Handling.HISTORY),
    (order(status="PENDING", **OLD), Handling.HISTORY),
    (order(status="SHIPPED", **OLD), Handling.HISTORY),
    (order(item(fulfillment={"quantityFulfilled": 1}), status="PARTIALLY_SHIPPED"), Handling.PARTLY_SHIPPED),
    (
        order(item(fulfillment={"quantityFulfilled": 2}), item(number="2"), status="PARTIALLY_SHIPPED"),
        Handling.OURS,
    ),
]


@pytest.mark.parametrize(("document", "expected"), HANDLED)
def test_whose_work_it_is(document: dict[str, Any], expected: Handling) -> None:
    assert read(document).handling is expected


def test_open_orders_from_before_are_taken_over_where_that_is_set() -> None:
    assert read(order(**OLD), takes_over=True).handling is Handling.OURS
    assert read(order(status="SHIPPED", **OLD), takes_over=True).handling is Handling.HISTORY


def test_what_was_shipped_before_needs_no_shipping() -> None:
    shipped = item(number="1", fulfillment={"quantityFulfilled": 2})
    found = read(order(shipped, item(number="2"), total="2396.00", status="PARTIALLY_SHIPPED"))
    assert [line.requires_shipping for line in found.lines] == [False, True]


def test_a_canceled_order_and_a_canceled_item() -> None:
    gone = {"cancellation": {"cancellationExecution": {"cancelReason": "Ordered twice"}}}
    found = read(order(item(number="1", **gone), item(number="2")))
    assert [line.external_line_id for line in found.lines] == ["2"]
    whole = read(order(item(**gone), status=orders.CANCELED))
    assert (whole.canceled_at, len(whole.lines)) == (NOON, 1)
    assert (whole.payment.is_paid, whole.payment.paid_minor) == (False, 0)


def test_pending_orders_are_not_paid_and_may_have_no_address() -> None:
    found = read(order(status="PENDING", recipient=None, total=None))
    assert (found.payment.is_paid, found.payment.paid_minor, found.shipping_address) == (False, 0, None)
    assert read(order(recipient={})).shipping_address is None


@pytest.mark.parametrize(
    "more",
    [
        {"payment": {"paymentExecutions": [{"paymentMethod": "CashOnDelivery"}, {}]}},
        {
            "orderItems": [
                item(fulfillment={"shipping": {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}}})
            ]
        },
    ],
)
def test_cash_on_delivery_is_not_paid_yet(more: dict[str, Any]) -> None:
    found = read(order(**more))
    assert (found.payment.on_delivery, found.payment.is_paid) == (True, False)


def test_payment_methods_are_kept() -> None:
    found = read(order(payment={"paymentExecutions": [{"paymentMethod": "Pix"}]}))
    assert (found.payment.method, found.payment.is_paid) == ("Pix", True)
    assert read(order(payment={})).payment.method == ""


def test_an_address_of_which_parts_are_missing() -> None:
    address = {"companyName": "Acme", "addressLine1": "1 Road", "addressLine2": "Floor 2", "addressLine3": "Door 3",
               "municipality": "Bath", "stateOrRegion": "Somerset"}  # fmt: skip
    found = read(order(recipient={"deliveryAddress": address})).shipping_address
    assert found == Address(
        name="Acme", company="Acme", line1="1 Road", line2="Floor 2, Door 3", city="Bath", state="Somerset"
    )
    only = read(order(recipient={"deliveryAddress": {"districtOrCounty": "Surrey"}})).shipping_address
    assert only == Address(city="Surrey")
    assert read(order(recipient={"deliveryAddress": {}})).shipping_address == Address()


def test_gifts_and_instructions_stand_in_the_note_and_requests_to_cancel_apart() -> None:
    gift = {"packing": {"giftOption": {"giftMessage": "Happy birthday", "giftWrapLevel": "Classic"}}}
    asks = {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Ordered twice"}}
    recipient = {"deliveryPreference": {"addressInstruction": "Ring twice", "dropOffLocation": "Porch"}}
    found = read(order(item(fulfillment=gift, cancellation=asks, tax=FACILITATOR), recipient=recipient))
    assert found.note.splitlines() == [
        "Ring twice",
        "Porch",
        "Gift message (111): Happy birthday",
    ]
    assert found.cancel_request == "Ordered twice"
    assert found.tags == ("gift", "buyer-asks-to-cancel", "tax-by-marketplace")
    silent = read(
        order(item(cancellation={"cancellationRequest": {}}, fulfillment={"packing": {}, "shipping": {}}))
    )
    assert (silent.cancel_request, silent.tags) == ("no reason given", ("buyer-asks-to-cancel",))
    assert read(order(item(cancellation={}, tax={}))).tags == ()


def test_a_request_to_cancel_some_items_names_them_and_ends_when_they_are_canceled() -> None:
    request = {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Too late"}}
    some = item(number="1", cancellation=request), item(number="2")
    assert read(order(*some)).cancel_request == "Too late; of GT-WH-02"
    done = item(number="1", cancellation=request | {"cancellationExecution": {"cancelledBy": "MERCHANT"}})
    assert read(order(done, item(number="2"))).cancel_request == ""


def test_no_item_facts_at_all() -> None:
    plain = item()
    del plain["fulfillment"]
    found = read(order(plain, fulfillment={"fulfillmentStatus": "UNSHIPPED"}))
    assert (found.ship_by, found.promised_at, found.priority, found.handling) == (
        None,
        None,
        0,
        Handling.OURS,
    )


@pytest.mark.parametrize(
    ("programs", "level", "priority"),
    [(["PREMIUM"], "NEXT_DAY", 2), ([], "SAME_DAY", 1), (["PRIME"], "STANDARD", 1), ([], "STANDARD", 0)],
)
def test_prime_and_fast_services_come_first(programs: list[str], level: str, priority: int) -> None:
    found = read(order(programs=programs, fulfillment=fulfillment(level=level)))
    assert found.priority == priority


def test_an_order_of_amazons_own_warehouses_says_so() -> None:
    found = read(order(fulfillment=fulfillment("SHIPPED", by="AMAZON")))
    assert "fulfilled-by-amazon" in found.tags


SAMPLES = sorted(SPECS.glob("samples/orders_2026-01-01__*.json")) if SPECS.exists() else []


@pytest.mark.parametrize("path", SAMPLES or [None], ids=lambda path: path.stem if path else "missing")
def test_published_samples_are_read_and_add_up(path: Any) -> None:
    if path is None:
        pytest.skip(f"Amazon's samples are not at {SPECS}")
    answer = json.loads(path.read_text(encoding="utf-8"))["response"]
    for document in answer.get("orders") or [answer["order"]]:
        found = read(document)
        assert found.lines
        assert expected_total(found) == found.total_minor


def test_every_order_in_the_published_model_is_read_and_adds_up() -> None:
    found = list(walk(model("orders_2026-01-01")["paths"]))
    assert len(found) >= 4
    for document in found:
        reported = read(document)
        assert expected_total(reported) == reported.total_minor


def walk(node: Any) -> Any:
    """The orders in the examples of a model."""
    if isinstance(node, dict):
        if {"orderId", "orderItems", "salesChannel"} <= node.keys():
            yield node
            return
        node = list(node.values())
    for each in node if isinstance(node, list) else ():
        yield from walk(each)


def test_packages_are_fulfillments_whoever_confirmed_them() -> None:
    item_of = {"orderItemId": "1", "quantity": 2}
    packages = [
        {
            "packageReferenceId": "7",
            "trackingNumber": "BD1",
            "carrier": "Blue Dart",
            "packageItems": [item_of, item_of],
        },
        {"packageReferenceId": "8"},
    ]
    found = read(order(packages=packages))
    assert found.fulfillments == (
        ReportedFulfillment(
            f"{found.external_id}/7", {"1": 4}, tracking_numbers=("BD1",), carrier="Blue Dart"
        ),
        ReportedFulfillment(f"{found.external_id}/8", {}),
    )
