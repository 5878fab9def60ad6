"""Receipts as people read them: on the order page, at the station, and one after the other for whoever has to account for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.delivery.test_console_stock_work import sign_in
from tests.shop import Shop

from doorstep.delivery import console
from doorstep.delivery.cli.samples import NOTNAKED
from doorstep.domain.identity.model import Role
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.kernel import documents
from doorstep.kernel.db import WriteTx

JACKET, SHIRT = "DJ-BL-01", "GT-WH-02"


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    """Signed in, where the sample rules decide."""

    def work(tx: WriteTx) -> None:
        document = documents.read((NOTNAKED / "rules.yaml").read_text(), RuleSet).value
        assert document is not None
        version = rule_verbs.draft(tx, draft=Draft(document, "a test"), at=shop.now)
        rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=shop.now)

    with shop.app.db.write(actor="user:2") as tx:
        work(tx)
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def test_the_order_page_says_why_here_in_a_sentence_then_a_table(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    page = browser.get(f"/console/orders/{order_id}").text
    assert "Warehouse A: in time, one parcel, 1,147 km, ₹116.84 for carriage" in page
    assert "Warehouse B would have been" in page
    assert "What would have changed it:" in page
    assert '<a href="/console/routing/versions/1">rules notnaked 1</a>' in page
    assert (page.count('<circle class="chosen"'), page.count('<circle class="possible"')) == (3, 2)


def test_a_decision_that_split_the_order_is_told_in_full_once(browser: TestClient, shop: Shop) -> None:
    page = browser.get(f"/console/orders/{shop.order((JACKET, 1), (SHIRT, 2))}").text
    assert (page.count("Why here:"), page.count("What it costs</th>")) == (2, 1)


def test_an_order_that_waits_says_where_why_and_until_when(browser: TestClient, shop: Shop) -> None:
    page = browser.get(f"/console/orders/{shop.order((JACKET, 900))}").text
    assert '<a href="/console/orders?queue=brokering">brokering</a> <span class="muted">of operations' in page
    assert "tried 1 time" in page
    assert ", sooner if stock comes" in page
    assert "Why nowhere:" in page
    assert "has 8 of 900: the line would be split" in page


def test_staff_of_a_location_read_why_but_not_what_it_costs(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1), (SHIRT, 2))
    work = next(each for each in shop.work(order_id) if each.location_id == shop.locations["ST-22"])
    money = browser.get(f"/console/orders/{order_id}/decisions").text
    assert "for carriage" in money
    sign_in(browser, Role.LOCATION_STAFF)
    station = browser.get(f"/console/station/{work.id}").text
    assert "Warehouse A and Store 22: there by" in station
    page = browser.get(f"/console/orders/{order_id}/decisions").text
    assert ["for carriage" in station, "for carriage" in page, "What it costs" in page] == [False] * 3
    assert browser.get(f"/console/orders/{order_id}/decisions.json").status_code == 403


def test_an_auditor_has_every_decision_with_its_numbers_to_keep(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser, Role.READ_ONLY)
    page = browser.get(f"/console/orders/{order_id}/decisions").text
    assert page.count('class="card" aria-label="Decision') == 1
    answer = browser.get(f"/console/orders/{order_id}/decisions.json")
    kept = json.loads(answer.text)
    (told,) = kept["decisions"]
    assert (told["rules"], told["rules_version"], told["receipt"]["rule"]) == ("notnaked 1", 1, "whole lines")
    assert told["sent"] == [{"location": "WH-A", "line_no": 1, "quantity": 1}]
    assert answer.headers["content-disposition"].startswith('attachment; filename="decisions-')


def test_what_was_possible_in_hindsight_is_told_quietly(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    with shop.app.db.write(actor="system") as tx:
        tx.execute("UPDATE routing_decisions SET best_minor = 1200, actual_minor = 2440")
    page = browser.get(f"/console/orders/{order_id}/decisions").text
    assert "Knowing the whole day, ₹12.40 less was possible." in page


def test_a_receipt_of_the_first_version_is_still_read(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    with shop.app.db.write(actor="system") as tx:
        tx.execute("UPDATE routing_decisions SET receipt = receipt->'lines', rules = 'default'")
    page = browser.get(f"/console/orders/{order_id}").text
    assert "Warehouse A (1147 km): the nearest of 2 locations that have it." in page
    assert "the rules that Doorstep comes with" in page


def test_an_order_without_a_decision_says_so(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1), paid=False)
    assert "Routing has not decided yet" in browser.get(f"/console/orders/{order_id}/decisions").text
    assert browser.get("/console/orders/999/decisions").status_code == 404
