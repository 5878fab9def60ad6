"""Razorpay: signed events are parsed, refunds are made once per reference."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.adapters import scripted

from doorstep.adapters.payments.razorpay import connector, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.connections.model import ACCEPTED, REFUSED, InboundRequest
from doorstep.domain.payments import model as payments
from doorstep.kernel import errors, http, ids, money

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "razorpay"
REQUEST = payments.RefundRequest(
    refund_id=ids.RefundId(1),
    reference="refund-7",
    payment_external_id="pay_A1",
    amount=money.Money(79900, "INR"),
    reason="Size issue",
    order_number="#2041",
)


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


@pytest.fixture
def gateway(script: scripted.Script) -> Iterator[connector.Razorpay]:
    settings = scripted.settings(
        connector.Settings,
        base_url=f"{script.url}/v1",
        key_id="rzp_test_1",
        key_secret="secret",
        webhook_secret="hush",
    )
    with scripted.session(script, base="/v1") as session:
        yield connector.Razorpay(settings, session)


def payment(**changes: object) -> dict[str, Any]:
    return {
        "id": "pay_A1",
        "amount": 239700,
        "currency": "INR",
        "status": "captured",
        "method": "upi",
        "vpa": "meera@upi",
        "email": "meera@example.in",
        "notes": {"shopify_order_id": 5600000000000000001},
        "created_at": 1777890000,
        **changes,
    }


def refund(**changes: object) -> dict[str, Any]:
    return {
        "id": "rfnd_B2",
        "amount": 79900,
        "currency": "INR",
        "payment_id": "pay_A1",
        "status": "processed",
        "notes": {"doorstep_reference": "refund-7"},
        "created_at": 1777990000,
        **changes,
    }


def event(topic: str, **entities: object) -> bytes:
    parts = {name: {"entity": entity} for name, entity in entities.items()}
    return json.dumps({"event": topic, "created_at": 1777890005, "payload": parts}).encode()


def test_a_payment(gateway: connector.Razorpay) -> None:
    assert gateway.parse("payment.captured", {}, event("payment.captured", payment=payment())) == (
        payments.PaymentSnapshot(
            gateway="razorpay",
            external_id="pay_A1",
            order_reference="5600000000000000001",
            status=payments.PaymentStatus.CAPTURED,
            amount_minor=239700,
            currency="INR",
            method="upi",
            at=datetime.fromtimestamp(1777890005, UTC),
            payer="meera@upi",
        ),
    )


def test_a_payment_names_the_sales_channel_of_the_settings(script: scripted.Script) -> None:
    chosen = {
        "base_url": f"{script.url}/v1",
        "key_id": "rzp_test_1",
        "key_secret": "secret",
        "webhook_secret": "hush",
    }
    settings = scripted.settings(connector.Settings, **chosen, sales_channel="shop")
    with scripted.session(script, base="/v1") as session:
        (seen,) = connector.Razorpay(settings, session).parse(
            "payment.captured", {}, event("payment.captured", payment=payment())
        )
    assert isinstance(seen, payments.PaymentSnapshot)
    assert seen.channel == "shop"


def test_the_order_answers_where_the_payment_has_no_notes(gateway: connector.Razorpay) -> None:
    body = event(
        "order.paid",
        payment=payment(notes=[], vpa=None, method=None),
        order={"notes": {"shopify_order_id": "42"}},
    )
    (seen,) = gateway.parse("order.paid", {}, body)
    assert isinstance(seen, payments.PaymentSnapshot)
    assert (seen.order_reference, seen.payer, seen.method) == ("42", "meera@example.in", "")


@pytest.mark.parametrize(
    ("reported", "state"),
    [
        ("pending", payments.RefundState.SUCCEEDED),
        ("processed", payments.RefundState.SUCCEEDED),
        (None, payments.RefundState.SUCCEEDED),
        ("failed", payments.RefundState.FAILED),
    ],
)
def test_a_refund(gateway: connector.Razorpay, reported: str | None, state: payments.RefundState) -> None:
    assert gateway.parse(
        "refund.processed", {}, event("refund.processed", refund=refund(status=reported))
    ) == (
        payments.RefundSnapshot(
            external_id="rfnd_B2",
            payment_external_id="pay_A1",
            reference="refund-7",
            state=state,
            amount_minor=79900,
            currency="INR",
            at=datetime.fromtimestamp(1777890005, UTC),
        ),
    )


@pytest.mark.parametrize(
    ("topic", "body", "place"),
    [
        ("payment.failed", event("payment.failed"), "payload.payment"),
        ("refund.created", event("refund.created"), "payload.refund"),
        ("payment.failed", event("payment.failed", payment=payment(status="odd")), "status"),
        ("refund.failed", event("refund.failed", refund=refund(status="odd")), "status"),
        ("payment.captured", event("x", payment=payment(amount="1")), "payload.payment.entity.amount"),
        ("", b"{}", "event"),
    ],
)
def test_a_broken_event_names_the_place(
    gateway: connector.Razorpay, topic: str, body: bytes, place: str
) -> None:
    with pytest.raises(errors.Invalid) as caught:
        gateway.parse(topic, {}, body)
    assert caught.value.data["field"] == place


def test_other_events_are_not_observed(gateway: connector.Razorpay) -> None:
    assert gateway.parse("payment.downtime.started", {}, event("payment.downtime.started")) == ()


def test_the_signature(gateway: connector.Razorpay) -> None:
    signature = hmac.new(b"hush", b"{}", hashlib.sha256).hexdigest()
    assert gateway.acknowledge(InboundRequest({"x-razorpay-signature": signature}, b"{}")) == ACCEPTED
    assert gateway.acknowledge(InboundRequest({"x-razorpay-signature": signature}, b"{ }")) == REFUSED
    assert gateway.acknowledge(InboundRequest({}, b"{}")) == REFUSED


def test_the_envelope(gateway: connector.Razorpay) -> None:
    body = event("payment.captured", payment=payment())
    assert gateway.envelope(InboundRequest({"x-razorpay-event-id": "evt_1"}, body)) == connections.Envelope(
        event_id="evt_1", topic="payment.captured", sent_at=datetime.fromtimestamp(1777890005, UTC)
    )
    broken = gateway.envelope(InboundRequest({}, b"{"))
    assert (broken.event_id, broken.topic, broken.sent_at) == (hashlib.sha256(b"{").hexdigest(), "", None)


def test_reading_and_capturing(gateway: connector.Razorpay, script: scripted.Script) -> None:
    script.will_say(payment(), payment(status="authorized"), payment(), payment())
    assert gateway.payment(external_id="pay_A1").order_reference == "5600000000000000001"
    for _ in range(2):
        taken = gateway.capture(external_id="pay_A1", amount_minor=239700, currency="INR")
        assert taken.status is payments.PaymentStatus.CAPTURED
    assert script.paths == [
        "GET /v1/payments/pay_A1",
        "GET /v1/payments/pay_A1",
        "POST /v1/payments/pay_A1/capture",
        "GET /v1/payments/pay_A1",
    ]
    assert script.asked[2].body == {"amount": 239700, "currency": "INR"}
    assert script.asked[0].headers["authorization"] == "Basic cnpwX3Rlc3RfMTpzZWNyZXQ="


def test_a_failed_payment_cannot_be_captured(gateway: connector.Razorpay, script: scripted.Script) -> None:
    script.will_say(payment(status="failed"))
    with pytest.raises(errors.Refused, match="failed"):
        gateway.capture(external_id="pay_A1", amount_minor=239700, currency="INR")


def test_a_refund_carries_our_reference(gateway: connector.Razorpay, script: scripted.Script) -> None:
    script.will_say(refund(status="pending"))
    assert gateway.refund(REQUEST) == payments.RefundResult(
        "rfnd_B2", payments.RefundState.SUCCEEDED, arrived=False
    )
    (asked,) = script.asked
    assert asked.headers["x-refund-idempotency"] == "refund-7--"
    assert asked.body == {
        "amount": 79900,
        "speed": "normal",
        "receipt": "refund-7",
        "notes": {"doorstep_reference": "refund-7", "order": "#2041", "reason": "Size issue"},
    }


def test_a_refund_in_flight_may_be_done(gateway: connector.Razorpay, script: scripted.Script) -> None:
    script.will_say({"error": {"code": "BAD_REQUEST_ERROR"}}, status=409)
    with pytest.raises(http.Unanswered) as caught:
        gateway.refund(REQUEST)
    assert caught.value.maybe_done


def test_a_refund_answered_with_nonsense_may_be_done(
    gateway: connector.Razorpay, script: scripted.Script
) -> None:
    script.will_say(refund(status="odd"))
    with pytest.raises(http.Unanswered) as caught:
        gateway.refund(REQUEST)
    assert caught.value.maybe_done


def test_a_refund_is_found_on_any_page(gateway: connector.Razorpay, script: scripted.Script) -> None:
    others = [refund(id=f"rfnd_{nth}", notes=[]) for nth in range(100)]
    script.will_say({"items": others}, {"items": [refund()]}, {"items": []})
    assert gateway.find_refund(REQUEST) == payments.RefundResult(
        "rfnd_B2", payments.RefundState.SUCCEEDED, arrived=True
    )
    assert [asked.params for asked in script.asked] == [
        {"count": "100", "skip": "0"},
        {"count": "100", "skip": "100"},
    ]
    assert gateway.find_refund(REQUEST) is None


def test_long_references_are_keys_as_they_are() -> None:
    assert wire.idempotency_key("refund-of-order-2041") == "refund-of-order-2041"


@pytest.mark.skipif(not SPECS.is_dir(), reason="the collected specs are not beside this checkout")
def test_razorpays_own_signature_and_samples() -> None:
    vector = json.loads((SPECS / "signature_vectors.json").read_text())["webhook"]
    settings = scripted.settings(
        connector.Settings, key_id="k", key_secret="s", webhook_secret=vector["secret"]
    )
    with http.Session("razorpay", settings.base_url) as session:
        gateway = connector.Razorpay(settings, session)
        body = (SPECS / vector["body_file"]).read_bytes()
        assert (
            gateway.acknowledge(InboundRequest({"x-razorpay-signature": vector["signature"]}, body))
            == ACCEPTED
        )
        for path in sorted((SPECS / "webhooks").glob("*.json")):
            topic = json.loads(path.read_text())["event"]
            used = topic in {"order.paid", "payment.authorized", "payment.captured", "payment.failed"}
            used |= topic.startswith("refund.")
            assert len(gateway.parse(topic, {}, path.read_bytes())) == int(used)
