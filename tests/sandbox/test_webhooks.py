"""Webhook delivery: signatures like the vendors' examples, retries, copies, reordering, broken and forged bodies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from tests.sandbox.conftest import sample, spec

from doorstep_sandbox.frame.outgoing import Draft
from doorstep_sandbox.razorpay.partner import Razorpay
from doorstep_sandbox.shopify.partner import Shopify


def draft(body, *, forge=False):
    return Draft("orders/create", body, "event", "delivery", "2026-01-01T00:00:00Z", forge)


def test_shopify_signs_as_its_vector():
    vector = next(
        one for one in sample("channel_signatures/vectors.json") if one["name"] == "shopify.webhook"
    )
    headers = Shopify({"client_secret": vector["key"]}).sign(draft(vector["body"].encode()))
    assert headers[vector["header"]] == vector["expected"]
    assert headers["X-Shopify-Topic"] == "orders/create"


def test_razorpay_signs_as_its_vector():
    vector = sample("razorpay/signature_vectors.json")["webhook"]
    body = spec("razorpay/" + vector["body_file"]).read_bytes()
    headers = Razorpay({"webhook_secret": vector["secret"]}).sign(draft(body))
    assert headers["X-Razorpay-Signature"] == vector["signature"]


def test_shopify_hooks_carry_every_header_and_a_right_signature(partners, shop, receiver):
    partners.act("shopify", "webhooks", url=receiver.url)
    shop.place()
    partners.settle("shopify")
    topics = [hook.headers["x-shopify-topic"] for hook in receiver.hooks]
    assert topics == ["orders/create", "order_transactions/create", "orders/paid"]
    ready, first = partners.ready["shopify"], receiver.hooks[0]
    digest = hmac.new(ready["client_secret"].encode(), first.body, hashlib.sha256).digest()
    assert first.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert first.headers["x-shopify-shop-domain"] == ready["shop_domain"]
    assert first.headers["x-shopify-api-version"] == "2026-07"
    assert len({hook.headers["x-shopify-event-id"] for hook in receiver.hooks}) == 3


def test_a_refused_delivery_is_tried_again_with_the_same_event_id(partners, receiver):
    receiver.statuses = [500, 302]
    partners.act("razorpay", "webhooks", url=receiver.url)
    partners.act("razorpay", "pay", amount=5000, auto_capture=False)
    (delivery,) = partners.settle("razorpay")
    assert [one["status"] for one in delivery["attempts"]] == [500, 302, 200]
    assert delivery["state"] == "delivered"
    assert len({hook.headers["x-razorpay-event-id"] for hook in receiver.hooks}) == 1
    assert len({hook.body for hook in receiver.hooks}) == 1


def test_a_dead_address_is_given_up_in_the_end(partners):
    partners.act("shopify", "webhooks", url="http://127.0.0.1:9/nobody", backoff_factor=0)
    partners.act("shopify", "send_raw", topic="orders/create", body="{}")
    (delivery,) = partners.settle("shopify")
    assert delivery["state"] == "given_up"
    assert [one["error"] for one in delivery["attempts"]] == ["ConnectError"] * 9


def test_copies_share_the_event_and_differ_in_the_delivery(partners, shop, receiver):
    partners.act("shopify", "webhooks", url=receiver.url, duplicates=2)
    partners.act("shopify", "send_raw", topic="orders/create", body="{}")
    partners.settle("shopify")
    assert len(receiver.hooks) == 3
    assert len({hook.headers["x-shopify-event-id"] for hook in receiver.hooks}) == 1
    assert len({hook.headers["x-shopify-webhook-id"] for hook in receiver.hooks}) == 3


def sent_order(partners, receiver, seed, **more):
    receiver.hooks.clear()
    partners.act("shopify", "reset")
    partners.act("shopify", "webhooks", url=receiver.url, shuffle_seed=seed, **more)
    for number in range(8):
        partners.act("shopify", "send_raw", topic="orders/create", body=json.dumps({"n": number}))
    if more.get("hold"):
        assert receiver.hooks == []
        assert partners.act("shopify", "webhooks/flush") == {"released": 8}
    partners.settle("shopify")
    return [hook.json()["n"] for hook in receiver.hooks]


def test_held_deliveries_wait_and_leave_shuffled(partners, receiver):
    first = sent_order(partners, receiver, 7, hold=True)
    assert sorted(first) == list(range(8))
    assert first != list(range(8))
    assert sent_order(partners, receiver, 7, hold=True) == first


def test_a_seed_alone_mixes_the_order(partners, receiver):
    mixed = sent_order(partners, receiver, 3, shuffle_window_seconds=0.3)
    assert sorted(mixed) == list(range(8))
    assert mixed != list(range(8))


def test_without_a_seed_the_order_stays(partners, receiver):
    assert sent_order(partners, receiver, None) == list(range(8))


def test_a_malformed_body_is_rightly_signed(partners, shop, receiver):
    partners.act("shopify", "webhooks", url=receiver.url, malformed_next=1)
    shop.place(payment="pending")
    partners.settle("shopify")
    broken = receiver.hooks[0]
    secret = partners.ready["shopify"]["client_secret"].encode()
    digest = hmac.new(secret, broken.body, hashlib.sha256).digest()
    assert broken.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert broken.body.startswith(b'{"id":')
    assert not broken.body.endswith(b"}")


def test_a_forged_signature_is_sent_once_on_demand(partners, receiver):
    partners.act("razorpay", "webhooks", url=receiver.url, wrong_signature_next=1)
    for _ in range(2):
        partners.act("razorpay", "pay", amount=5000, auto_capture=False)
    partners.settle("razorpay")
    secret = partners.ready["razorpay"]["webhook_secret"].encode()
    right = [
        hmac.new(secret, hook.body, hashlib.sha256).hexdigest() == hook.headers["x-razorpay-signature"]
        for hook in receiver.hooks
    ]
    assert right == [False, True]
