"""Shopify's payments and returns, its signature, and the event id that makes a message count once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.adapters import scripted

from doorstep.adapters.channels.shopify import connector
from doorstep.domain.connections import model as connections
from doorstep.domain.connections.model import ACCEPTED, REFUSED, InboundRequest
from doorstep.domain.payments import model as payments
from doorstep.domain.returns import model as returns
from doorstep.kernel import errors, http

AT = {"x-shopify-triggered-at": "2026-05-08T09:00:00.123Z"}


@pytest.fixture
def shop() -> Iterator[connector.Shopify]:
    settings = scripted.settings(
        connector.Settings, base_url="http://127.0.0.1", access_token="shpat_example", webhook_secret="hush"
    )
    with http.Session("shop", settings.base_url) as session:
        yield connector.Shopify(settings, session)


def transaction(**changes: object) -> bytes:
    return json.dumps(
        {
            "id": 6100000000000000009,
            "order_id": 5600000000000000001,
            "kind": "sale",
            "gateway": "razorpay",
            "status": "success",
            "created_at": "2026-05-04T18:10:30+05:30",
            "authorization": "pay_K1",
            "amount": "1570.00",
            "currency": "INR",
            "payment_details": {"payment_method_name": "upi"},
            **changes,
        }
    ).encode()


def test_a_payment(shop: connector.Shopify) -> None:
    assert shop.parse("order_transactions/create", {}, transaction()) == (
        payments.PaymentSnapshot(
            gateway="razorpay",
            external_id="pay_K1",
            order_reference="5600000000000000001",
            status=payments.PaymentStatus.CAPTURED,
            amount_minor=157000,
            currency="INR",
            method="upi",
            at=datetime(2026, 5, 4, 12, 40, 30, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"kind": "capture"}, payments.PaymentStatus.CAPTURED),
        ({"kind": "authorization"}, payments.PaymentStatus.AUTHORIZED),
        ({"status": "pending"}, payments.PaymentStatus.PENDING),
        ({"status": "failure"}, payments.PaymentStatus.FAILED),
        ({"status": "error"}, payments.PaymentStatus.FAILED),
    ],
)
def test_payment_statuses(
    shop: connector.Shopify, changes: dict[str, object], status: payments.PaymentStatus
) -> None:
    (seen,) = shop.parse("order_transactions/create", {}, transaction(**changes))
    assert isinstance(seen, payments.PaymentSnapshot)
    assert seen.status is status


def test_a_payment_without_the_gateways_id(shop: connector.Shopify) -> None:
    body = transaction(authorization=None, payment_details=None, processed_at="2026-05-04T18:12:00+05:30")
    (seen,) = shop.parse("order_transactions/create", {}, body)
    assert isinstance(seen, payments.PaymentSnapshot)
    assert (seen.external_id, seen.method, seen.at.minute) == ("6100000000000000009", "", 12)


@pytest.mark.parametrize("kind", ["refund", "void", "change"])
def test_other_transactions_are_no_payments(shop: connector.Shopify, kind: str) -> None:
    assert shop.parse("order_transactions/create", {}, transaction(kind=kind)) == ()


def requested(**changes: object) -> bytes:
    return json.dumps(
        {
            "id": 31000001,
            "status": "requested",
            "order": {"id": 5600000000000000001},
            "name": "#2041-R1",
            "return_line_items": [
                {
                    "id": 41000001,
                    "fulfillment_line_item": {"id": 51000001, "line_item": {"id": 9007199254740993001}},
                    "quantity": 1,
                    "return_reason": "size_too_small",
                    "return_reason_note": "",
                    "customer_note": "One size up please",
                }
            ],
            **changes,
        }
    ).encode()


def test_a_return_request(shop: connector.Shopify) -> None:
    assert shop.parse("returns/request", AT, requested()) == (
        returns.ReturnSnapshot(
            external_id="31000001",
            order_external_id="5600000000000000001",
            name="#2041-R1",
            status=returns.ReturnRequestStatus.REQUESTED,
            version_at=datetime(2026, 5, 8, 9, 0, 0, 123000, tzinfo=UTC),
            lines=(
                returns.SnapshotReturnLine(
                    external_line_id="9007199254740993001",
                    external_return_line_id="41000001",
                    quantity=1,
                    reason="size too small",
                    note="One size up please",
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("reported", "reason", "note"),
    [
        ({"return_reason": "other", "return_reason_note": "Size issue"}, "Size issue", "Size issue"),
        ({"return_reason": "OTHER"}, "OTHER", ""),
        ({"return_reason_note": "Torn", "customer_note": "See photo"}, "Torn", "See photo"),
        ({}, "", ""),
    ],
)
def test_written_words_beat_empty_codes(
    shop: connector.Shopify, reported: dict[str, object], reason: str, note: str
) -> None:
    line = {"id": 1, "quantity": 1, "fulfillment_line_item": {"line_item": {"id": 2}}, **reported}
    (seen,) = shop.parse("returns/request", AT, requested(return_line_items=[line]))
    assert isinstance(seen, returns.ReturnSnapshot)
    assert (seen.lines[0].reason, seen.lines[0].note) == (reason, note)


@pytest.mark.parametrize(
    ("verb", "word", "status"),
    [
        ("close", "closed", returns.ReturnRequestStatus.CLOSED),
        ("cancel", "canceled", returns.ReturnRequestStatus.CANCELED),
        ("cancel", "cancelled", returns.ReturnRequestStatus.CANCELED),
        ("reopen", "open", returns.ReturnRequestStatus.OPEN),
        ("update", "open", returns.ReturnRequestStatus.OPEN),
    ],
)
def test_short_return_bodies(
    shop: connector.Shopify, verb: str, word: str, status: returns.ReturnRequestStatus
) -> None:
    body = json.dumps({"id": 31000001, "order_id": 5600000000000000001, "status": word}).encode()
    (seen,) = shop.parse(f"returns/{verb}", AT, body)
    assert isinstance(seen, returns.ReturnSnapshot)
    assert (seen.status, seen.order_external_id, seen.lines) == (status, "5600000000000000001", ())


@pytest.mark.parametrize(
    ("body", "headers", "place"),
    [
        (requested(order=None), AT, "order.id"),
        (requested(status="lost"), AT, "status"),
        (requested(return_line_items=[]), AT, "return_line_items"),
        (requested(), {}, "x-shopify-triggered-at"),
        (requested(), {"x-shopify-triggered-at": "2026-05-08T09:00:00"}, "x-shopify-triggered-at"),
        (requested(return_line_items=[{"id": 1, "quantity": 1, "fulfillment_line_item": {}}]), AT,
         "return_line_items[0].fulfillment_line_item.line_item"),
    ],
)  # fmt: skip
def test_a_broken_return_names_the_place(
    shop: connector.Shopify, body: bytes, headers: dict[str, str], place: str
) -> None:
    with pytest.raises(errors.Invalid) as caught:
        shop.parse("returns/request", headers, body)
    assert caught.value.data["field"] == place


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        (
            "returns/update",
            b'{"admin_graphql_api_id": "gid://shopify/Return/1", "return_line_items": {"removals": []}}',
        ),
        ("orders/edited", b'{"order_edit": {"id": 1, "order_id": 2}}'),
        ("returns/process", b"{}"),
        ("app/uninstalled", b"{}"),
    ],
)
def test_bodies_that_only_hint_are_not_observed(shop: connector.Shopify, topic: str, body: bytes) -> None:
    assert shop.parse(topic, AT, body) == ()


def test_both_header_spellings_verify(shop: connector.Shopify) -> None:
    body = b'{"id":820982911946154508,"email":"jon@example.com"}'
    signature = "D0UMXmhjwBRi4y66TmhJrDlhQABD7zI2fm3p6/QLMo8="
    assert shop.acknowledge(InboundRequest({"x-shopify-hmac-sha256": signature}, body)) == ACCEPTED
    assert shop.acknowledge(InboundRequest({"shopify-hmac-sha256": signature}, body)) == ACCEPTED
    assert shop.acknowledge(InboundRequest({"x-shopify-hmac-sha256": signature}, body + b" ")) == REFUSED
    assert shop.acknowledge(InboundRequest({"x-shopify-hmac-sha256": "é"}, body)) == REFUSED
    assert shop.acknowledge(InboundRequest({}, body)) == REFUSED


def test_an_event_counts_once_per_topic(shop: connector.Shopify) -> None:
    headers = {
        "shopify-topic": "orders/paid",
        "shopify-event-id": "e-1",
        "shopify-triggered-at": "2026-05-04T12:41:00Z",
    }
    assert shop.envelope(InboundRequest(headers, b"{")) == connections.Envelope(
        event_id="orders/paid:e-1", topic="orders/paid", sent_at=datetime(2026, 5, 4, 12, 41, tzinfo=UTC)
    )
    first, second = (
        shop.envelope(InboundRequest({"x-shopify-topic": "orders/paid"}, body)) for body in (b"a", b"b")
    )
    assert first.event_id != second.event_id
    assert first.sent_at is None
