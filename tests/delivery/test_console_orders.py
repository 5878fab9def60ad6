"""The order page in particular states: refused lines, closed orders, names instead of codes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.delivery.test_console_stock_work import sign_in

from doorstep.delivery import console
from doorstep.domain.identity.model import Role

JACKET, SHIRT = "DJ-BL-01", "GT-WH-02"


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client, Role.ADMINISTRATOR)
        yield client


def shown(browser: TestClient, path: str) -> str:
    """The words of a page."""
    page = browser.get(f"/console{path}").text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_line_without_a_title_shows_that_of_the_catalog(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    (work,) = shop.work(order_id)
    with shop.app.db.write(actor="user:1") as tx:
        tx.execute("UPDATE order_lines SET title = sku WHERE order_id = %s", (order_id,))
    for path in (f"/orders/{order_id}", f"/station/{work.id}"):
        assert "Blue Denim Jacket" in shown(browser, path)
        assert f"{JACKET} {JACKET}" not in shown(browser, path)


def test_a_refused_line_is_listed_with_its_quantity(browser: TestClient, shop: Shop) -> None:
    page = shown(browser, f"/orders/{shop.order((JACKET, 1), (SHIRT, 0))}")
    assert "Not accepted Wrong quantity GT-WH-02" in page
    assert "0 × ₹1,499.00" in page
    assert "A quantity must be at least 1. Correct it in the channel." in page


def test_a_closed_order_has_no_actions(browser: TestClient, shop: Shop) -> None:
    closed = browser.get(f"/console/orders/{shop.delivered((JACKET, 1))}").text
    opened = browser.get(f"/console/orders/{shop.order((JACKET, 1))}").text
    assert ['data-dialog="do-hold"' in page for page in (closed, opened)] == [False, True]
    assert "The order is closed." not in closed


@pytest.mark.parametrize(
    ("handling", "said"), [("elsewhere", "Others ship this order."), ("history", "older than its connection")]
)
def test_an_order_that_is_only_shown_says_so(
    browser: TestClient, shop: Shop, handling: str, said: str
) -> None:
    order_id = shop.order((JACKET, 0))
    assert said not in shown(browser, f"/orders/{order_id}")
    with shop.app.db.write(actor="user:1") as tx:
        tx.execute("UPDATE orders SET handling = %s WHERE id = %s", (handling, order_id))
    assert said in shown(browser, f"/orders/{order_id}")


def test_a_backordered_order_reserves_nothing_and_says_so_once(browser: TestClient, shop: Shop) -> None:
    page = shown(browser, f"/orders/{shop.order((JACKET, 900))}")
    assert "Stock: Nothing is reserved." in page or "Stock Nothing is reserved." in page
    assert "0 reserved items" not in page
    before_details = page.partition("Customer message")[0]
    assert "nothing is reserved" not in before_details.partition("Next attempt")[0]


def test_the_timeline_shows_names_and_money_like_the_page(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1), (SHIRT, 2))
    page = shown(browser, f"/orders/{order_id}")
    assert "Allocated to Store 22, Warehouse A" in page
    assert "2 lines, ₹4,497.00" in page
    assert "INR 4" not in page
    assert "Allocated to Store 22, Warehouse A" in shown(browser, "/")
    held = shown(browser, f"/orders/{shop.order((JACKET, 1), paid=False)}")
    assert "reasons unpaid" in held
    assert "[" not in held


def test_the_station_gives_the_reason_of_the_order_page(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    (work,) = shop.work(order_id)
    reasons = [
        re.search(r"Why here: (.*?\.) ", shown(browser, path))
        for path in (f"/orders/{order_id}", f"/station/{work.id}")
    ]
    assert reasons[0] is not None
    assert reasons[1] is not None
    assert reasons[0][1] == reasons[1][1]


def test_home_compares_only_with_a_week_that_had_orders(browser: TestClient, shop: Shop) -> None:
    shop.order((JACKET, 1))
    assert "a week ago" not in shown(browser, "/")
    assert "Today so far" in shown(browser, "/")


def test_a_page_that_does_not_exist_shows_no_trace(browser: TestClient) -> None:
    page = shown(browser, "/orders/999999")
    assert "There is no order 999999." in page
    assert "Trace" not in page
