"""A carrier outage through API, command line and console: start, end, and where it is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import Retailer, Shop
from tests.clock import CLOCK
from tests.delivery.test_api import client
from tests.delivery.test_cli_network import network
from tests.delivery.test_console_stock_work import click, sign_in

from doorstep.delivery import console
from doorstep.domain.identity.model import Role
from doorstep.domain.network import views
from doorstep.kernel import errors

JACKET = "DJ-BL-01"


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as page:
        sign_in(page)
        yield page


def test_a_user_starts_and_ends_a_carrier_outage(browser: TestClient) -> None:
    page = click(
        browser, "/network/carrier-out", carrier="shiphawk", reason="Strike", until="2099-01-02T10:00"
    )
    assert "<strong>Outage of ShipHawk for warehouses:</strong> Strike" in page
    assert "Carrier outages" in browser.get("/console/").text
    assert '<span class="muted">Strike</span>' in browser.get("/console/connections").text
    assert "Outage of shiphawk ended." in click(browser, "/network/carrier-back", carrier="shiphawk")
    assert "Carrier outages" not in browser.get("/console/").text


def test_errors_are_shown_and_input_stays(browser: TestClient) -> None:
    page = click(browser, "/network/carrier-out", status=422, carrier="shiphawk", reason="x", until="soon")
    assert ("Enter a date and time." in page, 'value="soon"' in page) == (True, True)
    assert "has no outage" in click(browser, "/network/carrier-back", status=404, carrier="shiphawk")
    sign_in(browser, Role.READ_ONLY)
    assert "Start a carrier outage" not in browser.get("/console/network").text


def test_work_that_its_location_has_already_shows_it(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    (work,) = shop.work(order_id)
    click(browser, "/network/carrier-out", carrier="shiphawk", reason="Strike")
    for path in (f"/orders/{order_id}", f"/station/{work.id}"):
        assert "shiphawk has an outage: Strike." in browser.get(f"/console{path}").text
    shop.pack(work, tracking="TRK1")
    assert "shiphawk is out" not in browser.get(f"/console/station/{work.id}").text


def test_programs_say_and_read_it(retailer: Retailer) -> None:
    api = client(retailer)
    body = {"carrier": "shiphawk", "reason": "Strike", "until_at": "2099-01-02T10:00:00Z"}
    assert api.post("/api/v1/network/outages", json=body).json() == {"carrier": "shiphawk", "out": True}
    (reported,) = api.get("/api/v1/network/outages").json()
    assert (reported["carrier"], reported["reason"], reported["is_noticed"]) == ("shiphawk", "Strike", False)
    assert api.post("/api/v1/network/outages/shiphawk/end").json() == {"carrier": "shiphawk", "out": False}
    assert api.post("/api/v1/network/outages/shiphawk/end").status_code == 404
    staff = client(retailer, Role.LOCATION_STAFF, "WH-A")
    assert staff.post("/api/v1/network/outages", json=body).status_code == 403


def test_the_command_line_shows_it(retailer: Retailer) -> None:
    said = network(
        retailer, "start-outage", "shiphawk", "--reason", "Strike", "--until", "2099-01-02T10:00+05:30"
    ).stdout
    assert said == "shiphawk gets no parcels until 2099-01-02T10:00+05:30.\n"
    found = retailer.read(lambda tx: views.outages(tx, at=CLOCK.now()))
    assert [str(each.reason) for each in found.values()] == ["Strike"]
    assert network(retailer, "end-outage", "shiphawk").stdout == "shiphawk gets parcels again.\n"


@pytest.mark.parametrize(
    ("until", "said"), [("soon", "'soon' is not a time"), ("2099-01-02", "has no time zone")]
)
def test_an_end_that_cannot_be_meant_is_refused(retailer: Retailer, until: str, said: str) -> None:
    problem = network(retailer, "start-outage", "shiphawk", "--reason", "x", "--until", until).exception
    assert isinstance(problem, errors.Invalid)
    assert said in problem.message
