"""Queues and runs, in the console and the API: find queued orders, start a scheduled run now."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import NOON, Retailer, Shop, line, order_snapshot
from tests.clock import CLOCK
from tests.delivery.test_api import client
from tests.delivery.test_console_stock_work import click, sign_in

from doorstep.delivery import console
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions import runs as verbs
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.actions.runs import NewRun
from doorstep.domain.routing.model.rules import Queue, Remainder, Routing, Rule, RuleSet, Run, Split
from doorstep.domain.routing.model.runs import RunKind
from doorstep.flows.allocation import scheduled_runs
from doorstep.kernel.db import WriteTx

JACKET = "DJ-BL-01"
RULE = Rule(name="whole", split=Split(by="none"), remainder=Remainder(then="queue", queue="short"))
DOCUMENT = RuleSet(
    name="test",
    currency="INR",
    queues=(
        Queue(name="short", owner="planning", retry_minutes=(10,), auto_cancel_after_days=1),
        Queue(name="care", owner="customer service"),
    ),
    runs=(
        Run(name="as they come", routings=(Routing(name="all", rules=(RULE,)),)),
        Run(name="night", schedule="0 2 * * *", routings=(Routing(name="all", rules=(RULE,)),)),
    ),
)


def decide(tx: WriteTx) -> None:
    version = rule_verbs.draft(tx, draft=Draft(DOCUMENT, "a test"), at=NOON)
    rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=NOON)


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with shop.app.db.write(actor="user:2") as tx:
        decide(tx)
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as page:
        sign_in(page)
        yield page


@pytest.fixture
def api(retailer: Retailer) -> TestClient:
    retailer.write(decide)
    return client(retailer)


def test_queues_show_waiting_orders_and_link_to_them(browser: TestClient, shop: Shop) -> None:
    waits, goes = shop.order((JACKET, 900)), shop.order((JACKET, 1))
    page = browser.get("/console/routing/queues").text
    assert '<a class="strong" href="/console/orders?queue=short">short</a>' in page
    assert "1 order</span>" in page
    found = browser.get("/console/orders?queue=short").text
    assert (f'/console/orders/{waits}"' in found, f'/console/orders/{goes}"' in found) == (True, False)
    assert 'aria-label="Remove the filter short"' in found


def test_a_queue_missing_in_the_rules_is_shown_while_orders_wait_in_it(
    browser: TestClient, shop: Shop
) -> None:
    shop.order((JACKET, 900))
    with shop.app.db.write(actor="system") as tx:
        tx.execute("UPDATE order_routing SET queue = 'old' WHERE queue = 'short'")
    assert "removed from the rules" in browser.get("/console/routing/queues").text


def test_batches_are_plotted_by_their_savings(browser: TestClient, shop: Shop) -> None:
    with shop.app.db.write(actor="system") as tx:
        for minute, after in enumerate((900, 400)):
            began = shop.now + timedelta(minutes=minute)
            verbs.record(
                tx,
                run=NewRun("night", RunKind.BATCH, "test 1", began, began, 5, 5, 2, 1_000, after, "done"),
            )
    page = browser.get("/console/routing/runs").text
    assert "₹7.00" in page
    assert "in 2 batches, at most ₹6.00" in page
    assert page.count("<rect") == 2


def test_a_run_by_the_clock_is_started_at_once_by_a_worker(browser: TestClient, shop: Shop) -> None:
    assert scheduled_runs.run_due(shop.app.context) == 0
    assert "Run now" in browser.get("/console/routing/runs").text
    assert "starts within 15 seconds" in click(browser, "/routing/runs/now", run="night")
    assert scheduled_runs.run_due(shop.app.context) == 1
    assert "Done" in browser.get("/console/routing/runs").text
    assert "no scheduled run" in click(browser, "/routing/runs/now", status=404, run="as they come")


def test_queues_are_listed_and_their_orders_found(api: TestClient, retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET, 900)))
    short, care = api.get("/api/v1/routing/queues").json()
    assert (short["name"], short["owner"], short["orders"], short["units"]) == ("short", "planning", 1, 900)
    assert (short["ending_within_a_day"], care["orders"], care["oldest_at"]) == (1, 0, None)
    found = api.get("/api/v1/orders", params={"queue": "short"}).json()["items"]
    assert [each["id"] for each in found] == [order_id]
    assert api.get("/api/v1/orders", params={"queue": "care"}).json()["items"] == []


def test_runs_are_listed_and_started(api: TestClient, retailer: Retailer) -> None:
    scheduled_runs.run_due(retailer.app.context)
    (due,) = api.get("/api/v1/routing/runs").json()["next"]
    assert (due["run"], due["schedule"]) == ("night", "0 2 * * * UTC")
    assert api.post("/api/v1/routing/runs/night/now").json() == {"run": "night", "due": True}
    (due,) = api.get("/api/v1/routing/runs").json()["next"]
    assert datetime.fromisoformat(due["next_run_at"]) <= CLOCK.now()
    scheduled_runs.run_due(retailer.app.context)
    (ran,) = api.get("/api/v1/routing/runs").json()["history"]
    assert (ran["run"], ran["kind"], ran["result"]) == ("night", "schedule", "done")
    assert api.post("/api/v1/routing/runs/noon/now").status_code == 404


def _file(browser: TestClient, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(browser.get(f"/console{path}").text.splitlines()))


def test_runs_sort_in_the_database_and_export_plain_values(shop: Shop, browser: TestClient) -> None:
    with shop.app.db.write(actor="test") as tx:
        for minutes, saved in ((30, 500), (20, 9_900), (10, None)):
            began = NOON - timedelta(minutes=minutes)
            after = None if saved is None else 10_000 - saved
            run = NewRun(
                "", RunKind.BATCH, "test 1", began, began + timedelta(seconds=1.5), 4, 4, 1, 10_000, after
            )
            verbs.record(tx, run=run)
        night = NewRun("night", RunKind.SCHEDULE, "test 1", NOON, NOON + timedelta(seconds=90))
        verbs.record(tx, run=night)
    best, *_others = _file(browser, "/routing/runs?format=csv&sort=-saved_minor")
    found = {name: best[name] for name in ("Type", "Seconds", "Saved", "Currency", "Result")}
    assert found == {
        "Type": "Batch optimization",
        "Seconds": "1.5",
        "Saved": "99.00",
        "Currency": "INR",
        "Result": "Done",
    }
    saved_last = [
        each["Saved"] for each in _file(browser, "/routing/runs?format=csv&sort=saved_minor&kind=batch")
    ]
    assert saved_last == ["", "5.00", "99.00"]
    assert [each["Run"] for each in _file(browser, "/routing/runs?format=csv&kind=schedule")] == ["night"]


def test_queues_and_schedules_are_lists(shop: Shop, browser: TestClient) -> None:
    queues = _file(browser, "/routing/queues?format=csv&sort=-name")
    assert [
        (each["Queue"], each["Owner"], each["Orders"], each["Canceled within a day"]) for each in queues
    ] == [
        ("short", "planning", "0", "0"),
        ("care", "customer service", "0", "0"),
    ]
    assert _file(browser, "/routing/runs?next-format=csv") == []
