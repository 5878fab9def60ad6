"""The backlog of every kind of work is the same on /metrics, on Home and in `doorstep status`."""

from __future__ import annotations

import json
import re

import pytest
from starlette.testclient import TestClient
from tests import builders
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot
from tests.builders.shop import PASSWORD
from tests.delivery.test_console_stock_work import sign_in
from typer.testing import CliRunner

from doorstep import processes
from doorstep.delivery.cli import create, status
from doorstep.delivery.console.home import background
from doorstep.delivery.worker import counts
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewUser
from doorstep.domain.identity.model import Role
from doorstep.flows import backlog
from doorstep.flows.backlog import Backlog
from doorstep.flows.map import MAP
from doorstep.kernel.queues import Queue


def figures(retailer: Retailer) -> dict[str, Backlog]:
    now = retailer.app.clock.now()
    return {row.name: row for row in retailer.read(lambda tx: backlog.every(tx, now=now))}


def test_every_subscriber_and_queue_is_counted_somewhere() -> None:
    assert {backlog.NAME_OF[row.name] for row in MAP} <= set(backlog.QUEUES)
    assert set(Queue) == {queue for queue in backlog.QUEUES.values() if queue is not None}
    assert set(background.NAMES) == set(backlog.QUEUES)
    for row in MAP:
        assert backlog.QUEUES[backlog.NAME_OF[row.name]] is row.queue


def test_messages_at_the_door_are_counted_before_they_are_read(retailer: Retailer) -> None:
    retailer.receive("shop", "order", order_snapshot(line(SHIRT)), b"not an order")
    retailer.write(
        lambda tx: tx.execute("UPDATE inbox SET received_at = now() - interval '90 s' WHERE state = 0")
    )
    inbox = figures(retailer)["inbox"]
    assert (inbox.waiting, inbox.dead) == (2, 0)
    assert 90 <= inbox.oldest_seconds < 120
    retailer.settle()
    inbox = figures(retailer)["inbox"]
    assert (inbox.waiting, inbox.dead, inbox.oldest_seconds) == (0, 1, 0)


def test_what_is_pending_dead_or_in_doubt_is_counted(retailer: Retailer) -> None:
    retailer.client("shop").finishes_later = True
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    retailer.ship(order_id)
    assert figures(retailer)["channel_updates"].pending == 1
    for table, name in (("label_purchases", "labels"), ("messages", "messages")):
        retailer.write(lambda tx, table=table: tx.execute(f"UPDATE {table} SET state = 'in_doubt'"))  # type: ignore[misc]  # a loop's variable
        assert figures(retailer)[name].in_doubt > 0
    retailer.write(
        lambda tx: tx.execute(
            "UPDATE deliveries SET state = 3, error_class = 'transient', error = 'no answer' WHERE handle IS NOT NULL"
        )
    )
    updates = figures(retailer)["channel_updates"]
    assert (updates.pending, updates.dead, updates.in_doubt) == (0, 1, 1)


def test_rates_are_counted_by_minute(retailer: Retailer) -> None:
    counts.write(retailer.app, wait=False)
    retailer.write(lambda tx: tx.execute("DELETE FROM queue_minutes"))
    counts.done("orders", 10)
    counts.failed("messages")
    counts.write(retailer.app, wait=False)
    found = figures(retailer)
    assert (found["orders"].done_per_minute, found["messages"].failed_per_minute) == (2.0, 0.2)


def test_metrics_show_every_figure_of_every_kind(retailer: Retailer) -> None:
    retailer.receive("shop", "order", order_snapshot(line(SHIRT)))
    web = TestClient(processes.web(retailer.app), client=("127.0.0.1", 5000))
    text = web.get("/metrics").text
    assert 'doorstep_backlog_waiting{name="inbox"} 1.0' in text
    for figure in ("waiting", "oldest_seconds", "retrying", "pending", "dead", "in_doubt", "done_per_minute"):
        assert len(re.findall(rf"^doorstep_backlog_{figure}{{", text, re.MULTILINE)) == len(backlog.QUEUES)


def signed_in(retailer: Retailer) -> TestClient:
    """A browser of operations."""
    user = NewUser("dev@notnaked.example", "Dev", Role.OPERATIONS, None)
    retailer.write(
        lambda tx: identity.create_user(tx, user=user, password=PASSWORD, now=retailer.app.clock.now())
    )
    client = TestClient(processes.web(retailer.app), follow_redirects=False)
    sign_in(client)
    return client


def test_home_and_the_command_show_it(retailer: Retailer) -> None:
    retailer.receive("shop", "order", order_snapshot(line(SHIRT)), b"not an order")
    retailer.settle()
    client = signed_in(retailer)
    home = client.get("/console", follow_redirects=True).text
    row = re.search(r"Stored messages</th>.*?</tr>", home, re.DOTALL)
    assert row is not None
    assert "1 dead letter" in row[0]
    shown = CliRunner().invoke(create(), ["status", "--json"], env=builders.environment(retailer.app))
    (inbox, *others) = json.loads(shown.stdout)["backlog"]
    assert (inbox["name"], inbox["dead"], len(others) + 1) == ("inbox", 1, len(backlog.QUEUES))


def test_a_pending_call_is_shown_with_its_time(retailer: Retailer) -> None:
    retailer.client("shop").finishes_later = True
    retailer.ship(retailer.place_order(order_snapshot(line(JACKET))))
    client = signed_in(retailer)
    assert "1 call is pending since" in client.get("/console/connections").text
    shown = CliRunner().invoke(
        create(), ["status"], env=builders.environment(retailer.app) | {"COLUMNS": "200"}
    )
    assert "shop: 1 call is pending since" in shown.stdout


@pytest.mark.parametrize(("seconds", "words"), [(5, "5 s"), (90, "1 min"), (7_300, "2 h"), (200_000, "2 d")])
def test_ages_are_shown_in_their_largest_unit(seconds: float, words: str) -> None:
    assert status.age(seconds) == words
