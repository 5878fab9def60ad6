"""Availability pages: rules are previewed before they are saved, delayed supply shows its effect, deductions are explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests import clock
from tests.builders import Shop
from tests.clock import NOON, day
from tests.delivery.test_console import click, sign_in

from doorstep.delivery import console
from doorstep.delivery.console.inventory.availability import fall
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory.actions import promises, supplies
from doorstep.domain.inventory.model.availability import (
    AvailabilityInputs,
    Demand,
    Node,
    Question,
    answer,
    parts_of,
)
from doorstep.domain.inventory.model.promises import Need, SellAhead, SellAheadMode
from doorstep.domain.inventory.model.supplies import Announcement, Supply, SupplyKind
from doorstep.domain.inventory.views import promises as promise_views
from doorstep.domain.inventory.views import rules as rule_views
from doorstep.kernel.ids import LocationId, OrderId, Sku

JACKET = Sku("DJ-BL-01")
RULE = {"kind": "safety_stock", "name": "two stay", "value": "2", "precedence": "100", "active": "yes",
        "reason": "displays look empty"}  # fmt: skip


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def supply(shop: Shop, due: date = day(11)) -> Supply:
    """A hundred thousand jackets are on their way."""
    reported = Announcement(SupplyKind.PURCHASE_ORDER, "PO-7", 1, JACKET, LocationId(1), 100_000, due)
    with shop.app.db.write(actor="system") as tx:
        return supplies.put(tx, reported=[reported], at=shop.now).supplies[0]


def shown(browser: TestClient, path: str) -> str:
    answer = browser.get(f"/console{path}")
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


# Rules --------------------------------------------------------------------------------------------------------------


def test_a_rule_shows_what_it_would_change_before_it_is_saved(browser: TestClient) -> None:
    fields = {**RULE, "location_kind-store": "yes", "skus": f"{JACKET}, {JACKET}"}
    status, tried = click(
        browser, "/availability-rules/new/save", on="/availability-rules/new", do="try", **fields
    )
    assert (status, "This would change" in tried, 'value="two stay"' in tried) == (200, True, True)
    assert "No rule: locations sell to the last unit." in shown(browser, "/availability-rules")
    status, saved = click(
        browser, "/availability-rules/new/save", on="/availability-rules/new", do="save", **fields
    )
    assert (status, "two stay is saved. Changed:" in saved) == (200, True)
    assert "two stay 2 units SKU DJ-BL-01 · All stores · every channel 100 On" in shown(
        browser, "/availability-rules"
    )


@pytest.mark.parametrize(
    "kind", ["safety_stock", "threshold", "allow_ship", "allow_pickup", "exclude", "pool"]
)
def test_every_kind_of_rule_has_its_form(browser: TestClient, kind: str) -> None:
    page = shown(browser, f"/availability-rules/new?kind={kind}")
    assert ("None selected: every location." in page) == (kind not in {"threshold", "pool"})
    assert ("None selected: every channel." in page) == (kind != "pool")


def test_what_was_written_is_kept_when_it_cannot_be(browser: TestClient) -> None:
    fields = {**RULE, "skus": "NO-SUCH"}
    for do in ("try", "save"):
        status, page = click(
            browser, "/availability-rules/new/save", on="/availability-rules/new", do=do, **fields
        )
        assert (status, "The catalog does not have NO-SUCH." in page, "\nNO-SUCH</textarea>" in page) == (
            422,
            True,
            True,
        )
    assert browser.get("/console/availability-rules/new?kind=wrong").status_code == 404


def test_a_rule_is_changed_and_switched_off_and_on(browser: TestClient, shop: Shop) -> None:
    click(browser, "/availability-rules/new/save", on="/availability-rules/new", do="save", **RULE)
    other = {**RULE, "value": "3", "version": "1"}
    assert (
        click(browser, "/availability-rules/1/save", on="/availability-rules/1", do="save", **other)[0] == 200
    )
    assert (
        click(browser, "/availability-rules/1/save", on="/availability-rules/1", do="save", **other)[0] == 409
    )
    for active, word in (("", "two stay is off."), ("yes", "two stay is on.")):
        status, page = click(
            browser, "/availability-rules/1/switch", on="/availability-rules/1", active=active, reason="sale"
        )
        assert (status, word in page) == (200, True)
    with shop.app.db.read() as tx:
        rule = rule_views.rule(tx, rule_id=1)
    assert (rule.version, rule.terms.value, rule.terms.active, rule.reason) == (4, 3, True, "sale")
    assert (
        '<input id="value" name="value" type="number" value="3"'
        in browser.get("/console/availability-rules/1").text
    )


def test_a_stock_source_is_added_and_forgotten(browser: TestClient) -> None:
    source = {"location_id": "1", "name": "wms", "minutes": "30"}
    _, page = click(browser, "/availability-rules/put-source", on="/availability-rules", **source)
    assert "Overdue: stock unknown" in page
    assert "Availability unknown: a stock source is overdue." in shown(browser, f"/availability/{JACKET}")
    _, page = click(
        browser, "/availability-rules/remove-source", on="/availability-rules", location_id="1", name="wms"
    )
    assert "None. Doorstep alone keeps the stock" in page
    assert click(browser, "/availability-rules/put-source", on="/availability-rules", name="wms")[0] == 422
    assert click(browser, "/availability-rules/remove-source", on="/availability-rules", name="wms")[0] == 422


# Future supply ------------------------------------------------------------------------------------------------------


def test_supply_is_announced_by_hand_and_listed(browser: TestClient) -> None:
    fields = {"kind": "purchase_order", "number": "PO-9", "line_no": "1", "sku": JACKET, "location_id": "1",
              "quantity": "25", "eta_date": day(34).isoformat(), "confidence": "80"}  # fmt: skip
    assert "No incoming supply" in shown(browser, "/supplies")
    status, page = click(browser, "/supplies/announce", on="/supplies", **fields)
    assert (status, "PO-9: 25 × DJ-BL-01 expected." in page) == (200, True)
    assert f"{clock.shown(day(34))} Purchase order PO-9 line 1" in shown(
        browser, "/supplies?q=po-9&state=all"
    )
    for wrong in ({"eta_date": "soon"}, {"quantity": ""}, {"kind": "gift"}):
        assert click(browser, "/supplies/announce", on="/supplies", **{**fields, **wrong})[0] == 422
    assert "PO-9" in shown(browser, "/supplies?state=all&cursor=never")


@pytest.fixture
def waiting(browser: TestClient, shop: Shop) -> tuple[Supply, OrderId]:
    """An order waits for jackets that are on their way."""
    found = supply(shop)
    order_id = shop.order((JACKET, 1))
    policy = {"mode": "backorder", "quantity_limit": "", "min_confidence": "0"}
    page = f"/availability/{JACKET}"
    assert click(browser, f"{page}/sell-ahead", on=page, **policy)[0] == 200
    with shop.app.db.write(actor="system") as tx:
        need = Need(order_id, 1, JACKET, 50_000)
        assert promises.promise(tx, lines=[need], at=shop.now) == []
    return found, order_id


def test_a_slip_shows_whom_it_concerns_before_it_is_confirmed(
    browser: TestClient, shop: Shop, waiting: tuple[Supply, OrderId]
) -> None:
    found, order_id = waiting
    path = f"/supplies/{found.id}"
    figures = {"eta_date": day(34).isoformat(), "quantity": "100000", "confidence": "100", "version": "1"}
    _, tried = click(browser, f"{path}/change", on=path, do="try", **figures)
    assert "The promised date of 1 order line would change:" in tried
    assert f'value="{day(34)}"' in tried
    assert clock.shown(day(11)) in shown(browser, path)
    _, page = click(browser, f"{path}/change", on=path, do="save", **figures)
    assert "Supply changed. The promised date of 1 order changed." in page
    with shop.app.db.read() as tx:
        days = [
            row.promised_date for row in promise_views.of_order(tx, order_id=order_id) if row.state == "open"
        ]
    assert days == [day(34)]
    assert (
        click(browser, f"{path}/change", on=path, do="try", **{**figures, "quantity": "0", "version": "2"})[0]
        == 422
    )


@pytest.mark.parametrize(("verb", "word"), [("close", "Line closed."), ("cancel", "Line canceled.")])
def test_a_canceled_supply_line_returns_how_many_orders_lose_their_date(
    browser: TestClient, waiting: tuple[Supply, OrderId], verb: str, word: str
) -> None:
    path = f"/supplies/{waiting[0].id}"
    status, page = click(browser, f"{path}/{verb}", on=path)
    assert (status, f"{word} The promised date of 1 order changed." in page) == (200, True)
    assert "Moved to other supply" in shown(browser, path)


# A SKU --------------------------------------------------------------------------------------------------------------


def test_a_sku_shows_its_limits_its_locations_and_its_backorders(
    browser: TestClient, waiting: tuple[Supply, OrderId]
) -> None:
    page = shown(browser, f"/availability/{JACKET}?channel=shopify&group=vip&by={day(34)}&store=2")
    for words in ("On hand everywhere", "Available to promise", "Other locations", "Incoming", "50000"):
        assert words in page
    assert browser.get("/console/availability/NO-SUCH").status_code == 404
    assert browser.get(f"/console/availability/{JACKET}?by=soon").status_code == 422


def test_an_order_shows_what_it_was_promised(browser: TestClient, shop: Shop) -> None:
    supply(shop)
    order_id = shop.order((JACKET, 50_000))
    with shop.app.db.write(actor="system") as tx:
        promises.put_sell_ahead(tx, policies=[SellAhead(JACKET, SellAheadMode.BACKORDER)], at=shop.now)
        promises.promise(tx, lines=[Need(order_id, 1, JACKET, 50_000)], at=shop.now)
    page = shown(browser, f"/orders/{order_id}")
    assert f"Promised 50000 × DJ-BL-01 from Purchase order PO-7 {clock.shown(day(11))}" in page


def test_a_policy_that_cannot_be_is_refused_and_kept(browser: TestClient) -> None:
    page = f"/availability/{JACKET}"
    for wrong in ({"mode": "sometimes"}, {"mode": "preorder", "min_confidence": "101"}):
        assert click(browser, f"{page}/sell-ahead", on=page, **wrong)[0] == 422


def test_the_bars_of_a_fall_start_where_the_last_one_ended() -> None:
    nodes = {1: Node(1, "A", "A", "store", ships=True, active=True)}
    asked = Question(JACKET)
    for committed, widths in (
        (3, [(0, 100), (80, 20), (50, 30), (0, 50)]),
        (30, [(0, 100), (80, 20), (0, 80), (0, 0)]),
    ):
        seen = AvailabilityInputs(
            NOON, nodes, {(JACKET, "new"): ((1, 10, 2, 0),)}, {(JACKET, "new"): Demand(committed=committed)}
        )
        (part,) = answer(asked, parts_of(JACKET, {}), seen).parts
        assert [(bar.start, bar.width) for bar in fall(part).bars] == widths


def test_who_may_only_read_sees_no_form(browser: TestClient, shop: Shop) -> None:
    found = supply(shop)
    click(browser, "/availability-rules/new/save", on="/availability-rules/new", do="save", **RULE)
    browser.cookies.clear()
    sign_in(browser, Role.READ_ONLY)
    for path in (
        "/availability-rules",
        "/availability-rules/1",
        "/supplies",
        f"/supplies/{found.id}",
        f"/availability/{JACKET}",
    ):
        page = browser.get(f"/console{path}").text
        assert 'method="post" action="/console/availability-rules' not in page
        assert 'method="post" action="/console/supplies' not in page
    assert browser.get("/console/availability-rules/new").status_code == 403
