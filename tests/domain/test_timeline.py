"""Sentences for events, and the time left to ship-by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.domain.analytics import model
from doorstep.domain.orders.model import HoldReason
from doorstep.flows import map as flow_map

NAMES = model.EventNames({"shopify": "Online shop"}, {"ST-21": "Store 21", "WH-A": "Warehouse A"})
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min left"),
        (40, "40 min left"),
        (60, "1 h left"),
        (200, "3 h 20 min left"),
        (360, "6 h left"),
        (-21 * 60 - 5, "21 h late"),
        (-5 * 24 * 60, "5 d late"),
    ],
)
def test_slack_in_the_units_that_matter(minutes: int, words: str) -> None:
    time_left = model.time_left(NOON + timedelta(minutes=minutes), now=NOON)
    assert time_left is not None
    assert (time_left.words(), time_left.is_late) == (words, minutes < 0)


def test_what_need_not_leave_has_no_slack() -> None:
    assert model.time_left(None, now=NOON) is None


@pytest.mark.parametrize(
    ("fact", "data", "words"),
    [
        ("order.placed", {"channel": "shopify", "lines": 1, "total_minor": 459_700, "currency": "INR"},
         "Placed through shopify: 1 line, INR 4,597.00"),
        ("order.placed", {"channel": "shopify", "lines": 2, "total_minor": 100, "currency": "INR"},
         "Placed through shopify: 2 lines, INR 1.00"),
        ("order.held", {"reasons": ["unpaid", "unknown_sku", "odd"]}, "Held: unpaid, unknown SKU, odd"),
        ("refund.credited", {"amount_minor": 79_900, "currency": "INR"}, "Refund of INR 799.00 paid"),
        ("invoice.issued", {"kind": "credit_note", "number": "7"}, "Credit note 7 issued"),
        ("fulfillment.rejected", {"location": "Store 22", "reason": "not_in_stock", "note": None},
         "Store 22 rejected the work: not in stock"),
        ("promise.made", {"quantity": 2, "sku": "A", "promised_date": "2026-12-24"},
         "Promised from incoming supply: 2 × A 2026-12-24"),
        ("promise.changed", {"sku": "A", "old_date": "2026-12-24", "new_date": None},
         "Promised date of A changed to no date (was 2026-12-24)"),
        ("order.canceled", {}, "Canceled"),
        ("parcel.lost_again", {}, "Parcel lost again"),
    ],
)  # fmt: skip
def test_a_fact_in_words(fact: str, data: dict[str, object], words: str) -> None:
    assert model.describe(fact, data) == words


def test_a_channel_is_named_and_one_unit_is_singular() -> None:
    placed = {"channel": "shopify", "lines": 2, "total_minor": 100, "currency": "INR"}
    assert model.describe("order.placed", placed, names=NAMES).startswith(
        "Placed through Online shop: 2 lines"
    )
    assert model.describe("order.allocated", {"locations": ["ST-21", "WH-A", "X"]}, names=NAMES) == (
        "Allocated to Store 21, Warehouse A, X"
    )
    assert model.describe("fulfillment.accepted", {"location": "ST-21"}, names=NAMES) == (
        "Store 21 accepted the work"
    )
    assert (
        model.describe("count.submitted", {"lines": 3, "off": 1}) == "Count submitted: 3 lines, variances: 1"
    )
    assert model.describe("stock.received", {"units": 1, "reference": "PO-7"}) == "1 unit received: PO-7"
    assert model.describe("transfer.shipped", {"units": 2}) == "Transfer shipped with 2 units"


def test_sentences_and_their_words_are_translated() -> None:
    german = {
        "Held: {reasons}": "Angehalten: {reasons}",
        "unpaid": "unbezahlt",
        "{n} h": "{n} Std.",
        "{span} late": "{span} zu spät",
    }

    def translate(message: str) -> str:
        return german.get(message, message)

    held = model.describe("order.held", {"reasons": ["unpaid", "odd"]}, translate)
    late = model.time_left(NOON, now=NOON + timedelta(hours=3, minutes=20))
    assert late is not None
    assert (held, late.words(translate)) == ("Angehalten: unbezahlt, odd", "3 Std. 20 min zu spät")


def test_every_fact_has_a_sentence_and_every_hold_its_words() -> None:
    event_types = {row.event for row in flow_map.MAP} | flow_map.NO_SUBSCRIBER
    assert event_types - set(model._SENTENCES) == set()
    assert {model.hold_label(reason) for reason in HoldReason} == set(model._HOLD_WORDS.values())
