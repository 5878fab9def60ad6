"""Holds of an order, and its status."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import DELHI, JACKET, NOON, SHIRT, line, order_snapshot

from doorstep.domain.orders import model
from doorstep.domain.orders.model import (
    Address,
    Counters,
    Handling,
    Hold,
    HoldReason,
    OrderSnapshot,
    OrderStatus,
    QueuePlacement,
    SnapshotPayment,
)

KNOWN = {JACKET, SHIRT}
SERVED = {"IN": True, "NL": True, "US": True, "FR": True, "SY": False}


def check(order: OrderSnapshot) -> tuple[Hold, ...]:
    return model.check(order, known_skus=KNOWN, serviceable=SERVED)


def sent_to(**changes: str) -> OrderSnapshot:
    return order_snapshot(shipping_address=replace(DELHI, **changes))


def test_a_right_order_is_held_by_nothing() -> None:
    assert check(order_snapshot()) == ()


HELD = [
    (replace(order_snapshot(), lines=(), total_minor=0), HoldReason.NO_LINES, "no lines"),
    (order_snapshot(line("X-1"), line("")), HoldReason.UNKNOWN_SKU, "The catalog does not have (empty), X-1"),
    (order_snapshot(line(JACKET, 0)), HoldReason.BAD_QUANTITY, "DJ-BL-01 × 0"),
    (order_snapshot(line(JACKET, -2)), HoldReason.BAD_QUANTITY, "DJ-BL-01 × -2"),
    (order_snapshot(currency="XYZ"), HoldReason.UNKNOWN_CURRENCY, "Unknown currency XYZ"),
    (order_snapshot(currency=""), HoldReason.UNKNOWN_CURRENCY, "Unknown currency (none)"),
    (
        order_snapshot(total_minor=1),
        HoldReason.TOTALS_DIFFER,
        "The channel's total is ₹0.01, the lines add up to ₹4,597.00",
    ),
    (order_snapshot(shipping_address=None), HoldReason.ADDRESS, "The shipping address is missing"),
    (sent_to(name=" ", city=""), HoldReason.ADDRESS, "The address has no name, city"),
    (
        sent_to(country="FJ"),
        HoldReason.UNSERVICEABLE,
        "No location ships to Fiji. Cancel the order, or add one that does.",
    ),
    (sent_to(country="SY"), HoldReason.UNSERVICEABLE, "No location ships to Syria. Cancel"),
    (sent_to(postal_code="011001"), HoldReason.ADDRESS, "011001 is not a valid postal code in India"),
    (sent_to(postal_code=""), HoldReason.ADDRESS, "(empty) is not a valid postal code in India"),
    (order_snapshot(paid=False), HoldReason.UNPAID, "Waiting for payment"),
    (
        order_snapshot(shipping_address=None, paid=False, handling=Handling.WAITING),
        HoldReason.NOT_RELEASED,
        "The channel has not released the order yet",
    ),
    (
        order_snapshot(handling=Handling.PARTLY_SHIPPED),
        HoldReason.PARTLY_SHIPPED,
        "ship the rest in the channel",
    ),
]


@pytest.mark.parametrize(("order", "reason", "words"), HELD)
def test_an_invalid_order_is_held_with_instructions(
    order: OrderSnapshot, reason: HoldReason, words: str
) -> None:
    (hold,) = check(order)
    assert hold.reason is reason
    assert words in str(hold.message)


@pytest.mark.parametrize("handling", sorted(model.SHOWN_ONLY))
def test_an_order_that_is_only_shown_has_no_checks_and_ships_nothing(handling: Handling) -> None:
    order = order_snapshot(line("X-1"), shipping_address=None, paid=False, handling=handling)
    assert check(order) == ()
    assert [each.requires_shipping for each in order.stored_lines] == [False]


def test_every_hold_that_a_check_can_lay_is_tested() -> None:
    assert {reason for _order, reason, _words in HELD} == model.CHECKED_HOLDS


def test_all_reasons_are_reported_at_once() -> None:
    order = order_snapshot(line("X-1", 0), paid=False, shipping_address=None, total_minor=7)
    assert [hold.reason for hold in check(order)] == [
        HoldReason.UNKNOWN_SKU,
        HoldReason.BAD_QUANTITY,
        HoldReason.TOTALS_DIFFER,
        HoldReason.ADDRESS,
        HoldReason.UNPAID,
    ]


@pytest.mark.parametrize(
    ("country", "postal_code"),
    [("NL", "1017 ab"), ("US", "94105-1234"), ("IN", " 110001 "), ("FR", "whatever")],
)
def test_postal_codes_as_people_write_them(country: str, postal_code: str) -> None:
    assert check(sent_to(country=country, postal_code=postal_code)) == ()


def test_without_a_list_of_countries_every_one_is_served() -> None:
    assert model.check(sent_to(country="SY"), known_skus=KNOWN) == ()


def test_payment_on_delivery_need_not_have_arrived() -> None:
    assert check(order_snapshot(payment=SnapshotPayment(on_delivery=True))) == ()


def test_an_empty_address_names_everything_it_lacks() -> None:
    (hold,) = check(order_snapshot(shipping_address=Address()))
    assert str(hold.message) == "The address has no name, street, city, country. Ask the customer."


@given(
    discount=st.integers(0, 500),
    tax=st.integers(0, 500),
    shipping=st.integers(0, 500),
    tip=st.integers(0, 500),
)
def test_totals_count_discount_shipping_tip_and_tax_that_prices_lack(
    discount: int, tax: int, shipping: int, tip: int
) -> None:
    reported = order_snapshot(
        line(JACKET, 3, 1000, discount_minor=discount), shipping_minor=shipping, tip_minor=tip, tax_minor=tax
    )
    included = 3000 - discount + shipping + tip
    assert model.expected_total(reported) == included
    assert model.expected_total(replace(reported, tax_included=False)) == included + tax


WORDS = [
    (Counters(ordered=3), OrderStatus.CREATED),
    (Counters(ordered=3, allocated=2), OrderStatus.CREATED),
    (Counters(ordered=3, allocated=3), OrderStatus.ALLOCATED),
    (Counters(ordered=3, allocated=3, picked=1), OrderStatus.IN_FULFILLMENT),
    (Counters(ordered=3, allocated=3, picked=3, packed=3, shipped=2), OrderStatus.IN_FULFILLMENT),
    (Counters(ordered=3, allocated=3, picked=3, packed=3, shipped=3), OrderStatus.SHIPPED),
    (Counters(ordered=3, shipped=3, delivered=2), OrderStatus.SHIPPED),
    (Counters(ordered=3, shipped=3, delivered=3), OrderStatus.COMPLETED),
    (Counters(ordered=3, shipped=2, delivered=2, canceled=1), OrderStatus.COMPLETED),
    (Counters(ordered=3, shipped=3, delivered=3, returned=1), OrderStatus.COMPLETED),
    (Counters(ordered=3, shipped=3, delivered=3, returned=3), OrderStatus.RETURNED),
    (Counters(ordered=3, canceled=3), OrderStatus.CANCELED),
    (Counters(), OrderStatus.CREATED),
]


@pytest.mark.parametrize(("counters", "word"), WORDS)
def test_the_headline_follows_from_the_counters(counters: Counters, word: OrderStatus) -> None:
    assert model.order_status(counters, held=False, short=False) is word


def test_a_hold_outranks_what_has_not_left_yet() -> None:
    words = [model.order_status(counters, held=True, short=True) for counters, _word in WORDS]
    final = {OrderStatus.SHIPPED, OrderStatus.COMPLETED, OrderStatus.RETURNED, OrderStatus.CANCELED}
    assert words == [word if word in final else OrderStatus.HELD for _counters, word in WORDS]


def test_short_outranks_allocated() -> None:
    assert model.order_status(Counters(ordered=3, allocated=3), held=False, short=True) is OrderStatus.SHORT


@pytest.mark.parametrize(
    ("counters", "words"),
    [
        (Counters(ordered=2), "Created"),
        (Counters(ordered=2, allocated=1), "Created"),
        (Counters(ordered=2, allocated=2), "Allocated"),
        (Counters(ordered=2, allocated=2, picked=2), "Picked"),
        (Counters(ordered=2, allocated=2, picked=2, packed=2), "Packed"),
        (Counters(ordered=2, allocated=2, picked=2, packed=2, shipped=2), "Shipped"),
        (Counters(ordered=2, allocated=2, picked=2, packed=2, shipped=2, delivered=2), "Delivered"),
        (Counters(ordered=2, delivered=1, canceled=1), "Delivered"),
        (Counters(ordered=2, canceled=2), "Canceled"),
    ],
)
def test_a_lines_status_is_that_of_its_slowest_unit(counters: Counters, words: str) -> None:
    assert model.line_status(counters) == words


@pytest.mark.parametrize(
    ("is_timed", "wakes", "is_retried"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_a_queued_order_is_retried_by_time_or_stock_or_waits_for_a_person(
    is_timed: bool, wakes: bool, is_retried: bool
) -> None:
    placement = QueuePlacement("care", "none left", NOON, NOON if is_timed else None, wakes_on_stock=wakes)
    assert placement.is_retried == is_retried
