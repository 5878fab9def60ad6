"""Locations in the console: create, change, close and reopen; errors are shown at their fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import SHIRT, Shop
from tests.delivery.test_console_stock_work import HTMX, click, sign_in

from doorstep.delivery import console
from doorstep.domain.identity.model import Role
from doorstep.domain.network import views
from doorstep.domain.network.model import Location

STORE = {
    "code": "ST-99", "name": "Store 99", "kind": "store", "company": "NotNaked Retail Private Limited", "gstin": "",
    "line1": "9 New Road", "city": "Mumbai", "state": "Maharashtra", "state_code": "MH", "postal_code": "400001",
    "country": "IN", "latitude": "19.1", "longitude": "72.8", "timezone": "Asia/Kolkata", "cut_off": "16:00",
    "hours.mon": "10:00-21:00", "ships": "yes",
}  # fmt: skip
NEW = "/locations/new/create"


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def location(shop: Shop, code: str) -> Location:
    with shop.app.db.read() as tx:
        return views.by_code(tx, code=code)


def error_at(page: str, field: str) -> str:
    """What stands at a field."""
    found = re.search(rf'id="{field}-error">(?:<svg.*?</svg>)?(.*?)</p>', page, re.DOTALL)
    return found[1] if found else ""


def test_a_location_is_created_and_changed(browser: TestClient, shop: Shop) -> None:
    assert 'href="/console/locations/new"' in browser.get("/console/network").text
    assert 'name="code"' in browser.get("/console/locations/new").text
    click(browser, NEW, **STORE)
    made = location(shop, "ST-99")
    assert (made.name, made.latitude, made.hours, made.ships, made.active) == (
        "Store 99",
        19.1,
        {"mon": "10:00-21:00"},
        True,
        True,
    )
    page = browser.get(f"/console/locations/{made.id}/edit").text
    assert ('value="10:00-21:00"' in page, 'name="code"' in page) == (True, False)
    changed = {name: value for name, value in STORE.items() if name not in {"code", "ships", "hours.mon"}}
    page = click(browser, f"/locations/{made.id}/edit/save", **changed | {"name": "Store 100"})
    assert "Store 100 is saved." in page
    after = location(shop, "ST-99")
    assert (after.id, after.name, after.ships, after.hours) == (made.id, "Store 100", False, {})


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("gstin", "29AABCN9999N1Z7", "is not registered in Maharashtra"),
        ("gstin", "27AABCN9999N1Z0", "is not a GSTIN"),
        ("latitude", "north", "Enter a number."),
        ("latitude", "91", "Enter 90 or less."),
        ("timezone", "Mumbai", "is not a time zone"),
        ("hours.sun", "10-21", "is not an opening time"),
        ("city", "", "Enter the city."),
        ("country", "XX", "is not a country of ISO 3166"),
        ("code", "WH-A", "There is a location WH-A already"),
    ],
)
def test_what_is_wrong_stands_at_its_field(browser: TestClient, field: str, value: str, says: str) -> None:
    page = click(browser, NEW, status=422, **STORE | {field: value})
    assert says in error_at(page, field.replace(".", "-"))
    assert ('value="9 New Road"' in page, f'value="{value}"' in page) == (True, True)


def test_a_location_with_open_work_is_not_closed(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((SHIRT, 1))
    location_id = shop.work(order_id)[0].location_id
    page = browser.get(f"/console/locations/{location_id}/edit").text
    assert "It cannot be closed yet." in page
    page = click(browser, f"/locations/{location_id}/edit/close", status=409, reason="lease ended")
    assert ("1 fulfillment order is not finished" in page, 'value="lease ended"' in page) == (True, True)


def test_a_location_is_closed_and_reopened(browser: TestClient, shop: Shop) -> None:
    click(browser, NEW, **STORE)
    here = f"/locations/{location(shop, 'ST-99').id}/edit"
    assert "Enter a reason." in click(browser, f"{here}/close", status=422, reason=" ")
    page = click(browser, f"{here}/close", reason="lease ended")
    assert ("No more orders are routed to it." in page, "Reopen location" in page) == (True, True)
    assert not location(shop, "ST-99").active
    assert f'href="/console{here}">Store 99</a>' in browser.get("/console/network").text
    click(browser, f"{here}/reopen")
    assert location(shop, "ST-99").active


def test_who_may_not_change_rules_may_not_change_locations(browser: TestClient, shop: Shop) -> None:
    sign_in(browser, Role.READ_ONLY)
    assert browser.get("/console/locations/new").status_code == 403
    location_id = location(shop, "ST-22").id
    assert browser.get(f"/console/locations/{location_id}/edit", headers=HTMX).status_code == 403
    assert "/locations/new" not in browser.get("/console/network").text
