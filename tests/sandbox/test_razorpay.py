"""Razorpay through its own SDK: orders, capture, refunds once per key, and webhooks like the vendor's samples."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import razorpay as sdk
from tests.sandbox.conftest import misfits, sample


@pytest.fixture
def client(partners) -> Any:
    ready = partners.ready["razorpay"]
    made = sdk.Client(auth=(ready["key_id"], ready["key_secret"]), base_url=ready["url"])
    made.session.trust_env = False
    yield made
    made.session.close()


def paid(partners, amount=50000, **more):
    return partners.act("razorpay", "pay", amount=amount, **more)


def test_the_sdk_makes_and_finds_an_order(client):
    made = client.order.create(
        {"amount": 29900, "currency": "INR", "receipt": "R-1", "notes": {"shop": "1001"}}
    )
    assert client.order.fetch(made["id"]) == made
    assert (made["status"], made["amount_due"], made["notes"]) == ("created", 29900, {"shop": "1001"})
    assert client.order.all()["count"] == 1
    assert client.order.payments(made["id"]) == {"entity": "collection", "count": 0, "items": []}


def test_a_payment_is_captured_once_and_completely(client, partners):
    payment = paid(partners, auto_capture=False)["payment_id"]
    with pytest.raises(sdk.errors.BadRequestError, match="equal to the amount authorized"):
        client.payment.capture(payment, 100, {})
    captured = client.payment.capture(payment, 50000, {})
    assert (captured["status"], captured["captured"], captured["method"]) == ("captured", True, "upi")
    with pytest.raises(sdk.errors.BadRequestError, match="already been captured"):
        client.payment.capture(payment, 50000, {})


def test_a_buyer_pays_by_upi(client, partners):
    made = paid(partners, vpa="meera@okbank", receipt="#1001", contact="+919812345678")
    payment = client.payment.fetch(made["payment_id"])
    assert (payment["vpa"], payment["amount"], payment["order_id"]) == (
        "meera@okbank",
        50000,
        made["order_id"],
    )
    assert client.order.fetch(made["order_id"])["status"] == "paid"
    assert [one["id"] for one in client.order.payments(made["order_id"])["items"]] == [made["payment_id"]]


def test_refunds_add_up_and_never_exceed_the_payment(client, partners):
    payment = paid(partners)["payment_id"]
    first = client.payment.refund(payment, {"amount": 20000, "notes": {"rma": "R1"}})
    assert (first["amount"], first["status"], first["notes"]) == (20000, "processed", {"rma": "R1"})
    with pytest.raises(sdk.errors.BadRequestError, match="greater than the refund payment amount"):
        client.payment.refund(payment, {"amount": 30001})
    client.payment.refund(payment, {"amount": 30000})
    with pytest.raises(sdk.errors.BadRequestError, match="fully refunded"):
        client.payment.refund(payment, {"amount": 100})
    state = client.payment.fetch(payment)
    assert (state["status"], state["refund_status"], state["amount_refunded"]) == ("refunded", "full", 50000)
    assert client.payment.fetch_multiple_refund(payment)["count"] == 2
    assert client.refund.fetch(first["id"]) == first


def test_the_same_key_returns_the_same_refund(partners, razorpay):
    payment = paid(partners)["payment_id"]
    headers = {"X-Refund-Idempotency": "refund-key-0001"}
    first, second = (
        razorpay.post(f"/v1/payments/{payment}/refund", json={"amount": 1000}, headers=headers)
        for _ in range(2)
    )
    assert first.json() == second.json()
    other = razorpay.post(f"/v1/payments/{payment}/refund", json={"amount": 2000}, headers=headers)
    assert other.status_code == 400
    assert other.json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert len(partners.state("razorpay")["refunds"]) == 1


def test_a_short_key_is_refused(partners, razorpay):
    payment = paid(partners)["payment_id"]
    answer = razorpay.post(
        f"/v1/payments/{payment}/refund", json={}, headers={"X-Refund-Idempotency": "short"}
    )
    assert answer.status_code == 400


def test_a_key_in_flight_is_a_conflict(partners, razorpay):
    payment = paid(partners)["payment_id"]
    partners.act("razorpay", "script", refund_seconds=0.3)
    headers = {"X-Refund-Idempotency": "refund-key-0002"}
    statuses = []

    def refund():
        answer = razorpay.post(f"/v1/payments/{payment}/refund", json={"amount": 1000}, headers=headers)
        statuses.append(answer.status_code)

    callers = [threading.Thread(target=refund) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(statuses) == [200, 409]
    refund()
    assert statuses[-1] == 200
    assert len(partners.state("razorpay")["refunds"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 50.5, "currency": "INR"}, "amount"),
        ({"amount": 99, "currency": "INR"}, "amount"),
        ({"amount": 100, "currency": "XXX"}, "currency"),
        ({"amount": 100, "currency": "INR", "receipt": "x" * 41}, "receipt"),
    ],
)
def test_bad_orders_name_the_field(razorpay, body, field):
    answer = razorpay.post("/v1/orders", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_an_unknown_id_is_a_bad_request(client):
    with pytest.raises(sdk.errors.BadRequestError, match="does not exist"):
        client.payment.fetch("pay_nothing")


def test_a_unique_receipt_number_finds_the_order_again(razorpay):
    body = {"amount": 100, "currency": "INR", "receipt": "R-9", "unique_receipt": True}
    first, second = (razorpay.post("/v1/orders", json=body).json() for _ in range(2))
    assert first["id"] == second["id"]


@pytest.mark.parametrize(
    ("event", "file"),
    [
        ("payment.authorized", "payment.authorized.wallets"),
        ("payment.captured", "payment.captured.wallets"),
        ("order.paid", "order.paid.wallets"),
        ("refund.created", "refund.created.normal-refunds"),
        ("refund.processed", "refund.processed.normal-refunds"),
    ],
)
def test_hooks_have_the_shape_of_the_vendors_samples(partners, client, receiver, event, file):
    theirs = sample(f"razorpay/webhooks/{file}.json")
    partners.act("razorpay", "webhooks", url=receiver.url)
    client.payment.refund(paid(partners)["payment_id"], {"amount": 1000})
    partners.settle("razorpay")
    hook = next(one for one in receiver.hooks if one.json()["event"] == event)
    client.utility.verify_webhook_signature(
        hook.body.decode(), hook.headers["x-razorpay-signature"], partners.ready["razorpay"]["webhook_secret"]
    )
    ours = hook.json()
    for document in (ours, theirs):
        document["payload"]["payment"]["entity"].pop(
            "acquirer_data", None
        )  # its keys follow the payment method
    assert misfits(ours, theirs) == []
    assert (ours["event"], ours["contains"]) == (theirs["event"], theirs["contains"])


def test_the_sdk_refuses_a_forged_hook(partners, client, receiver):
    partners.act("razorpay", "webhooks", url=receiver.url, wrong_signature_next=1)
    paid(partners, auto_capture=False)
    partners.settle("razorpay")
    (hook,) = receiver.hooks
    with pytest.raises(sdk.errors.SignatureVerificationError):
        client.utility.verify_webhook_signature(
            hook.body.decode(),
            hook.headers["x-razorpay-signature"],
            partners.ready["razorpay"]["webhook_secret"],
        )
