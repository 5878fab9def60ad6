"""WhatsApp throttles, its token expires, it reports twice and in any order, and it is down for three minutes: each message once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import clock, partners
from tests.builders import Retailer
from tests.faults import connector_rehearsal, processes
from tests.faults.connector_rehearsal import Rehearsal
from tests.faults.network_link import Link, links
from tests.flows.notify.chat import WA_ID, Chat

from doorstep.domain.notifications import views as messages
from doorstep.domain.notifications.model import MessageState

DOWN_SECONDS = 180.0
SEND = {"path_regex": "/messages$"}
SLOW_DOWN = [
    {"kind": "status_429", "times": 3, **SEND},  # with Retry-After
    {"kind": "status_429", "times": 2, "headers": {"Retry-After": ""}, **SEND},
    {"kind": "status_500", "times": 2, **SEND},  # 131000: "Message failed to send"
    {"kind": "timeout_after_work", "times": 2, "hold_seconds": 0.01, **SEND},
]


@pytest.fixture
def whatsapp(monkeypatch: pytest.MonkeyPatch) -> Iterator[partners.Partners]:
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))
    with partners.running(names=["whatsapp"]) as found:
        yield found


@pytest.fixture
def connected(
    retailer: Retailer, whatsapp: partners.Partners, tmp_path: Path
) -> Iterator[tuple[Chat, Rehearsal, Link]]:
    whatsapp.act("whatsapp", "webhooks", duplicates=1, shuffle_seed=5, backoff_factor=0.01)
    whatsapp.act("whatsapp", "script", statuses=["sent", "delivered", "read"])
    with links(whatsapp.url("whatsapp")) as ((link, address),):
        chat = Chat(retailer, whatsapp, "", f"{address}/v23.0")
        chat.connect()  # before the workers start: they see a new connection two seconds later only
        with connector_rehearsal.rehearsed(retailer, tmp_path) as running:
            chat.web = running.web
            chat.set_up()
            yield chat, running, link


def order(chat: Chat, count: int, *tags: str) -> list[str]:
    """So many orders of the shop; their own ids."""
    reported = [chat.order(*tags) for _ in range(count)]
    chat.retailer.receive("shop", "order", *reported)
    return [each.external_id for each in reported]


def sent_to_meta(chat: Chat) -> Counter[str]:
    """How often each of our messages reached Meta, by our reference."""
    return Counter(each["callback_data"] for each in chat.received())


def test_everything_goes_wrong_at_whatsapp(connected: tuple[Chat, Rehearsal, Link]) -> None:
    chat, running, link = connected
    chat.partners.fail("whatsapp", *SLOW_DOWN)
    placed = order(chat, 12)
    running.until(lambda: chat.states()["sent"] == 12)
    renewed = chat.act("new_token")["access_token"]
    placed += order(chat, 3)
    running.until(lambda: len(chat.retailer.dead_letters()) == 3)
    assert {(each["error_class"], each["topic"]) for each in chat.retailer.dead_letters()} == {
        ("auth", "message.requested")
    }
    chat.connect(access_token=renewed)
    processes.output(chat.retailer, "dead-letters", "retry", "--class", "auth")
    running.until(lambda: chat.states()["sent"] == 15)
    link.cut()
    placed += order(chat, 5)
    running.until(lambda: chat.states()["requested"] == 5)
    running.pass_time(DOWN_SECONDS)
    link.restore()
    running.until_in_time(lambda: chat.states()["sent"] == 20)
    chat.act("inbound", number=WA_ID, text="Stop!")
    running.until(lambda: opted_out(chat))
    placed += order(chat, 2)
    chat.partners.settle("whatsapp", timeout_seconds=30)
    running.settle()
    assert running.has_failed(chat.partners, "whatsapp")
    check(chat, running, placed)


def opted_out(chat: Chat) -> bool:
    key = (chat.retailer.connection_ids["chat"], f"+{WA_ID}")
    return bool(chat.retailer.read(lambda tx: messages.opted_out(tx, addresses=[key])))


def check(chat: Chat, running: Rehearsal, placed: list[str]) -> None:
    """Every message was sent once and read; the customer who wrote STOP got none after it."""
    assert dict(running.placed("shop")) == dict.fromkeys(placed, 1)
    assert (set(sent_to_meta(chat).values()), len(chat.received())) == ({1}, 20)
    ours = stored(chat)
    assert [(each.state, each.receipt) for each in ours] == [(MessageState.SENT, "read")] * 20
    assert {each.provider_id for each in ours} == {each["id"] for each in chat.received()}
    receipts = chat.retailer.read(lambda tx: messages.receipts(tx, message_ids=[each.id for each in ours]))
    assert Counter(each.state for each in receipts) == {"sent": 20, "delivered": 20, "read": 20}
    assert chat.states("email") == {"sent": len(placed)}
    assert (chat.retailer.dead_letters(), running.drift()) == ([], [])


def stored(chat: Chat) -> list[Any]:
    ids = chat.retailer.read(lambda tx: tx.column(int, "SELECT id FROM orders ORDER BY id"))
    return [message for each in ids for message in chat.of(each)]  # type: ignore[arg-type]  # ids of orders
