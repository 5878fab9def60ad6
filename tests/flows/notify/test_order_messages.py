"""Messages of an order as people see them: states by medium, what the customer wrote, and whether messages are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.delivery.test_api import client
from tests.delivery.test_console import click
from tests.delivery.test_console_connections import signed_in
from tests.flows.notify.chat import HOME, NUMBER, WA_ID, Chat

from doorstep.domain.analytics.views import orders as lists
from doorstep.domain.identity.model import Role


@pytest.fixture
def browser(chat: Chat) -> Iterator[TestClient]:
    with signed_in(chat.retailer, Role.OPERATIONS) as opened:
        yield opened


def needing_attention(chat: Chat) -> list[int]:
    wanted = lists.OrderFilter(view=lists.OrderView.ATTENTION)
    now = chat.retailer.app.clock.now()
    return [
        row.order.id for row in chat.retailer.read(lambda tx: lists.page(tx, wanted=wanted, now=now)).rows
    ]


def test_the_order_page_shows_each_medium_with_its_receipt(chat: Chat, browser: TestClient) -> None:
    chat.act("script", statuses=["sent", "delivered", "read"])
    order_id = chat.place()
    shown = browser.get(f"/console/orders/{order_id}").text
    for words in (
        "WhatsApp · +919812345678",
        "e-mail · ",
        "Read",
        "Messages are allowed",
        "Notification by WhatsApp",
    ):
        assert words in shown


def test_a_failed_message_is_visible_and_needs_no_attention(chat: Chat, browser: TestClient) -> None:
    chat.act("recipient", number=WA_ID, on_whatsapp=False)
    order_id = chat.place()
    shown = browser.get(f"/console/orders/{order_id}").text
    assert "Not delivered" in shown
    assert "131026 Message undeliverable" in shown
    assert order_id not in needing_attention(chat)


def test_what_the_customer_wrote_needs_attention_until_it_is_handled(chat: Chat, browser: TestClient) -> None:
    order_id = chat.place()
    chat.act("inbound", number=WA_ID, text="Where is my order?")
    chat.settle()
    page = f"/orders/{order_id}"
    assert "Where is my order?" in browser.get(f"/console{page}").text
    assert order_id in needing_attention(chat)
    status, shown = click(browser, f"{page}/handle-texts", on=page)
    assert (status, "Mark as handled" in shown, "To answer" in shown) == (200, False, False)
    assert order_id not in needing_attention(chat)


def test_a_person_ends_and_resumes_messages(chat: Chat, browser: TestClient) -> None:
    order_id = chat.place()
    chat.act("inbound", number=WA_ID, text="STOP")
    chat.settle()
    page = f"/orders/{order_id}"
    assert order_id not in needing_attention(chat)
    assert "No messages wanted since" in browser.get(f"/console{page}").text
    assert "Messages are allowed" in click(browser, f"{page}/messages/chat/resume", on=page)[1]
    chat.place()
    assert len(chat.received()) == 2
    assert "No messages wanted since" in click(browser, f"{page}/messages/chat/stop", on=page)[1]
    chat.place()
    assert len(chat.received()) == 2


def test_the_api_shows_and_changes_the_same(chat: Chat) -> None:
    program = client(chat.retailer)
    order_id = chat.place()
    chat.act("inbound", number=WA_ID, text="Stop")
    chat.act("inbound", number=WA_ID, text="Why?")
    chat.settle()
    path = f"/api/v1/orders/{order_id}/messages"
    found = program.get(path).json()
    assert {(each["medium"], each["state"], each["receipt"]) for each in found["messages"]} == {
        ("email", "sent", ""),
        ("whatsapp", "sent", "delivered"),
    }
    assert {each["text"]: bool(each["handled_at"]) for each in found["texts"]} == {
        "Stop": True,
        "Why?": False,
    }
    assert [(each["connection"], each["is_opted_out"], each["source"]) for each in found["choices"]] == [
        ("chat", True, "text")
    ]
    changed = program.put(f"{path}/choice", json={"connection": "chat", "is_opted_out": False}).json()
    assert [(each["is_opted_out"], each["source"]) for each in changed["choices"]] == [(False, "person")]
    assert program.post(f"{path}/close-texts").json() == {"handled": 1}
    assert program.get("/api/v1/connections/chat/unknown-receipts").json() == []
    assert program.get("/api/v1/connections/shop/unknown-receipts").status_code == 409
    reader = client(chat.retailer, Role.READ_ONLY)
    assert reader.put(f"{path}/choice", json={"connection": "chat", "is_opted_out": True}).status_code == 403


def test_an_order_without_a_number_has_no_choice(chat: Chat) -> None:
    order_id = chat.place(shipping_address=replace(HOME, phone=""), billing_address=None)
    program = client(chat.retailer)
    answer = program.put(
        f"/api/v1/orders/{order_id}/messages/choice", json={"connection": "chat", "is_opted_out": True}
    )
    assert answer.status_code == 409
    assert program.get(f"/api/v1/orders/{order_id}/messages").json()["choices"] == []


def test_the_connection_is_added_tested_and_shows_unknown_receipts(chat: Chat) -> None:
    ready = chat.partners.ready["whatsapp"]
    given = {
        "base_url": f"{ready['url']}/v23.0",
        "phone_number_id": ready["phone_number_id"],
        "business_account_id": ready["waba_id"],
        "access_token": ready["access_token"],
        "app_secret": ready["app_secret"],
        "verify_token": ready["verify_token"],
        "consent": "checkout",
        "consent_tag": "whatsapp",
        "instead_of_email": "false",
        "stop_words": "STOP",
        "parameters": "named",
        "language": "en",
        "order_confirmed_template": "order_confirmed",
        "order_confirmed_variables": "name, order_number, total",
        "shipped_template": "not_there",
    }
    body = (
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": '
        b'{"statuses": [{"id": "wamid.of-nobody", "status": "read", "timestamp": "1790000000"}]}}]}]}'
    )
    chat.retailer.receive("chat", "messages", body)
    chat.settle()
    with signed_in(chat.retailer, Role.ADMINISTRATOR) as browser:
        form = "/connections/new?connector=messengers/whatsapp"
        assert "Shipped template" in browser.get(f"/console{form}").text
        added = {"connector": "messengers/whatsapp", "key": "second", "name": "Second", **given}
        assert click(browser, "/connections/add", on=form, **added)[0] in {200, 204}
        shown = click(browser, "/connections/second/test", on="/connections/second")[1]
        assert "Template of order confirmed" in shown
        assert "order_confirmed in en is approved." in shown
        assert "Meta knows no template not_there" in shown
        assert "wamid.of-nobody" in browser.get("/console/connections/chat").text
        assert NUMBER not in browser.get("/console/connections/chat").text
