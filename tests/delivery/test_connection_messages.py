"""Messages of a connection: listed, shown as they came, and read again with a corrected connector."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest
from tests import builders
from tests.builders import NOON, Retailer, order_snapshot
from tests.delivery.test_api import client
from tests.delivery.test_connect import console_of
from tests.delivery.test_console import sign_in

from doorstep import processes
from doorstep.domain.connections import actions
from doorstep.domain.connections.actions import Problem, Selection
from doorstep.domain.identity.model import Role
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel import errors

MESSAGES = "/api/v1/connections/shop/messages"


@pytest.fixture
def wrong(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> OrderSnapshot:
    """An order whose phone number the connector lost, as its shape was misread; it is corrected afterwards."""
    order = order_snapshot()
    shop: Any = retailer.app.registry.inbound(retailer.connection_ids["shop"])
    with monkeypatch.context() as before:
        before.setattr(shop, "parse", lambda *_given: ())
        retailer.receive("shop", "order", order)
        retailer.settle()
    return order


def orders(retailer: Retailer) -> list[str]:
    return retailer.read(lambda tx: tx.column(str, "SELECT external_id FROM orders"))


def test_messages_are_listed_newest_first_and_filtered(retailer: Retailer) -> None:
    retailer.receive("shop", "order", order_snapshot(), b"{")
    retailer.settle()
    api = client(retailer, Role.ADMINISTRATOR)
    listed = api.get(MESSAGES).json()["items"]
    assert [each["state"] for each in listed] == ["failed", "read"]
    assert listed[0]["error"]
    failed = api.get(f"{MESSAGES}?state=failed").json()
    assert [each["id"] for each in failed["items"]] == [listed[0]["id"]], failed
    assert api.get(f"{MESSAGES}?topic=payment").json()["items"] == []
    first = api.get(f"{MESSAGES}?limit=1").json()
    second = api.get(MESSAGES, params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [each["id"] for each in listed]


def test_a_message_is_shown_as_it_came(retailer: Retailer) -> None:
    retailer.receive("shop", "order", b"\xff{")
    api = client(retailer, Role.ADMINISTRATOR)
    (listed,) = api.get(MESSAGES).json()["items"]
    shown = api.get(f"{MESSAGES}/{listed['id']}").json()
    assert (shown["topic"], shown["body"]) == ("order", "�{")
    assert api.get(f"/api/v1/connections/pay/messages/{listed['id']}").status_code == 404


def test_half_of_a_surrogate_pair_is_the_senders_mistake(retailer: Retailer) -> None:
    order = retailer.body_of("shop", order_snapshot(external_id="HALF-1"))
    retailer.receive("shop", "order", order.replace(b"HALF-1", b"HALF-\\ud800"))
    retailer.settle()
    (letter,) = retailer.dead_letters()
    assert letter["error_class"] == "data"
    assert letter["error"] == "A value cannot be stored: it contains half of a Unicode surrogate pair."


def test_the_pages_of_a_message_with_half_of_a_surrogate_pair_open(retailer: Retailer) -> None:
    retailer.receive("shop", "order", b'{"note": "half \\ud800"}')
    message_id = retailer.read(lambda tx: tx.value(int, "SELECT id FROM inbox"))
    problem = Problem(message_id, "$.note: cannot be read", "data", None)
    retailer.write(lambda tx: actions.set_aside(tx, problem=problem))
    with console_of(retailer) as browser:
        sign_in(browser, Role.ADMINISTRATOR)
        for path in (f"connections/shop/messages/{message_id}", f"dead-letters/inbox/{message_id}"):
            page = browser.get(f"/console/{path}")
            assert (page.status_code, "half " in page.text) == (200, True), path


@pytest.mark.parametrize("hours", [0, -1])
def test_a_range_that_ends_before_it_begins_is_refused(retailer: Retailer, hours: int) -> None:
    wanted = {"since": NOON.isoformat(), "until": (NOON + timedelta(hours=hours)).isoformat()}
    answer = client(retailer, Role.ADMINISTRATOR).post(f"{MESSAGES}/read-again", json=wanted)
    assert (answer.status_code, answer.json()["field"]) == (422, "until"), answer.text


def test_one_message_is_read_again_with_the_corrected_connector(
    retailer: Retailer, wrong: OrderSnapshot
) -> None:
    assert orders(retailer) == []
    api = client(retailer, Role.ADMINISTRATOR)
    (listed,) = api.get(MESSAGES).json()["items"]
    assert api.post(f"{MESSAGES}/read-again", json={"ids": [listed["id"]]}).json() == {"messages": 1}
    retailer.settle()
    assert orders(retailer) == [wrong.external_id]


def test_a_time_range_and_a_topic_are_read_again_and_nothing_is_doubled(
    retailer: Retailer, wrong: OrderSnapshot
) -> None:
    other = order_snapshot()
    retailer.receive("shop", "order", other)
    retailer.settle()
    api = client(retailer, Role.ADMINISTRATOR)
    received = api.get(MESSAGES).json()["items"][-1]["received_at"]
    chosen = {"topic": "order", "since": received}
    assert api.post(f"{MESSAGES}/read-again", json=chosen).json() == {"messages": 2}
    retailer.settle()
    assert sorted(orders(retailer)) == sorted([wrong.external_id, other.external_id])
    early = (NOON - timedelta(days=400)).isoformat()
    nothing = {"since": early, "until": (NOON - timedelta(days=399)).isoformat()}
    assert api.post(f"{MESSAGES}/read-again", json=nothing).json() == {"messages": 0}


def test_not_everything_is_read_again_by_mistake(retailer: Retailer) -> None:
    shop = retailer.connection_ids["shop"]
    with pytest.raises(errors.Invalid, match="Choose messages, a topic or a time"):
        retailer.write(lambda tx: actions.read_again(tx, selection=Selection(shop)))


def test_a_discarded_message_is_read_again_only_by_its_id(retailer: Retailer) -> None:
    retailer.receive("shop", "order", b"{")
    retailer.settle()
    (dead,) = retailer.dead_letters()
    retailer.write(lambda tx: actions.discard(tx, ids=[int(str(dead["id"]))]))
    shop = retailer.connection_ids["shop"]
    by_topic, by_id = Selection(shop, topic="order"), Selection(shop, [int(str(dead["id"]))])
    assert retailer.write(lambda tx: actions.read_again(tx, selection=by_topic)) == 0
    assert retailer.write(lambda tx: actions.read_again(tx, selection=by_id)) == 1


def test_the_command_line_reads_again(
    retailer: Retailer,
    wrong: OrderSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in builders.environment(retailer.app).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["doorstep", "connections", "read-again", "shop", "--topic", "order"])
    with pytest.raises(SystemExit):
        processes.main()
    assert capsys.readouterr().out.strip() == "1 message is read again."
    retailer.settle()
    assert orders(retailer) == [wrong.external_id]
