"""The in-memory connectors: every kind of event, and ignored fields."""

from __future__ import annotations

import json

import pytest
from tests.adapters import parcels

from doorstep.adapters.carriers.sandbox import wire as carrier
from doorstep.adapters.channels.sandbox import wire as channel
from doorstep.adapters.payments.sandbox import wire as gateway
from doorstep.domain.orders import model as orders
from doorstep.domain.payments import model as payments
from doorstep.domain.returns import model as returns
from doorstep.kernel import errors

AT = "2026-05-05T12:00:00Z"
ORDER = {
    "external_id": "1",
    "number": "#1",
    "version_at": AT,
    "placed_at": AT,
    "currency": "INR",
    "lines": [{"external_line_id": "11", "sku": "GT", "title": "T", "quantity": 1, "unit_price_minor": 100}],
    "total_minor": 100,
}
PAYMENT = {
    "gateway": "sandbox",
    "external_id": "pay_1",
    "order_reference": "1",
    "status": "captured",
    "amount_minor": 100,
    "currency": "INR",
    "method": "upi",
    "at": AT,
}
RETURN = {
    "external_id": "31",
    "order_external_id": "1",
    "name": "R1",
    "status": "requested",
    "version_at": AT,
    "lines": [],
}
REFUND = {
    "external_id": "r1",
    "payment_external_id": "pay_1",
    "reference": "refund-7",
    "state": "succeeded",
    "amount_minor": 100,
    "currency": "INR",
    "at": AT,
}


def event(data: object) -> bytes:
    return json.dumps({"data": data}).encode()


@pytest.mark.parametrize(
    ("topic", "data", "kind"),
    [
        ("order", ORDER, orders.OrderSnapshot),
        ("payment", PAYMENT, payments.PaymentSnapshot),
        ("return", RETURN, returns.ReturnSnapshot),
    ],
)
def test_channel_events(topic: str, data: object, kind: type) -> None:
    (seen,) = channel.parse(topic, event(data))
    assert isinstance(seen, kind)


@pytest.mark.parametrize(
    ("topic", "data", "kind"),
    [("payment", PAYMENT, payments.PaymentSnapshot), ("refund", REFUND, payments.RefundSnapshot)],
)
def test_gateway_events(topic: str, data: object, kind: type) -> None:
    (seen,) = gateway.parse(topic, event(data))
    assert isinstance(seen, kind)


def test_other_topics_are_not_observed() -> None:
    assert channel.parse("weather", event({})) == ()
    assert gateway.parse("weather", event({})) == ()


def test_a_broken_event_names_the_place() -> None:
    with pytest.raises(errors.Invalid) as caught:
        channel.parse("order", event({**ORDER, "lines": [{"sku": "GT"}]}))
    assert caught.value.data["field"] == "data.lines[0].external_line_id"


def test_labels_follow_from_the_reference() -> None:
    assert carrier.label(parcels.OUT) == carrier.label(parcels.OUT)
    assert carrier.label(parcels.OUT).tracking_number != carrier.label(parcels.BACK).tracking_number
    assert (carrier.label(parcels.OUT).pdf[:4], carrier.label(parcels.BACK).pdf) == (b"%PDF", b"")
