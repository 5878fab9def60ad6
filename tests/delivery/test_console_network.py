"""The network in the console: view rates, change the document, view and pause a location."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.clock import day
from tests.delivery.test_console_stock_work import HTMX, click, sign_in, token_in

from doorstep.delivery import console
from doorstep.domain.identity.model import Role
from doorstep.domain.network import views
from doorstep.flows.fulfillment import release
from doorstep.flows.network import lanes
from doorstep.kernel.ids import LocationId


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def paused(shop: Shop, code: str) -> str:
    with shop.app.db.read() as tx:
        return (
            lanes.network(tx, currency="INR", at=shop.app.clock.now())
            .locations[LocationId(shop.location_ids[code])]
            .paused
        )


def written(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_tariffs_and_locations_are_shown(browser: TestClient) -> None:
    page = browser.get("/console/network").text
    assert "₹45.00" in page
    assert "up to 40 km, same country" in page
    assert re.search(r"<h3>ShipHawk for warehouses\s+<span class=\"muted\">Mon-Sat", page)
    assert "day ≤ 200 orders" in page
    assert "Samples loaded" in page


def test_a_document_is_looked_at_then_holds(browser: TestClient, shop: Shop) -> None:
    before = written(browser.get("/console/network/edit").text)
    after = before.replace("most: 200", "most: 150")
    page = click(browser, "/network/edit/preview", document=after, note="")
    assert (page.count('<span class="added">'), page.count("most: 150")) == (1, 2)
    assert click(browser, "/network/edit/apply", status=422, document=after).count(
        "Enter a reason for the change"
    )
    csrf = token_in(browser.get("/console/orders").text)
    done = browser.post(
        "/console/network/edit/apply",
        data={"csrf": csrf, "document": after, "note": "Fewer hands"},
        headers=HTMX,
    )
    assert done.headers["hx-redirect"] == "/console/network"
    with shop.app.db.read() as tx:
        assert [each.note for each in views.versions(tx)] == ["Fewer hands", "Samples loaded"]


def test_errors_are_shown_and_input_is_kept(browser: TestClient) -> None:
    page = click(browser, "/network/edit/preview", status=422, document="colour: red", note="hm")
    assert "unknown field `colour`" in page
    assert (written(page), 'value="hm"' in page) == ("colour: red", True)


def test_a_location_shows_its_day_and_is_paused_and_resumed(browser: TestClient, shop: Shop) -> None:
    release.measure_throughput(shop.app.context)
    path = f"/locations/{shop.location_ids['ST-22']}"
    page = browser.get(f"/console{path}").text
    assert "Next two weeks" in page
    assert "10:00–21:00" in page
    assert page.count('class="tile ') == 4
    assert page.count("<rect") == 1
    page = click(browser, f"{path}/pause", reason="Power cut", until="2099-01-02T10:00")
    assert "Power cut" in page
    assert paused(shop, "ST-22") == "Power cut"
    assert ">Resume</button>" in page
    assert "Resumed. Work is routed here again." in click(browser, f"{path}/resume")
    assert paused(shop, "ST-22") == ""


def test_a_pause_without_a_reason_or_with_a_past_end_is_refused(browser: TestClient, shop: Shop) -> None:
    path = f"/locations/{shop.location_ids['ST-22']}/pause"
    assert "Enter a reason. It appears in routing decisions." in click(browser, path, status=422, reason=" ")
    assert "A pause must end in the future" in click(
        browser, path, status=422, reason="x", until=f"{day(-3)}T00:00"
    )
    assert "Enter a date and time." in click(browser, path, status=422, reason="x", until="soon")


def test_staff_see_their_own_location_only(browser: TestClient, shop: Shop) -> None:
    sign_in(browser, Role.LOCATION_STAFF)
    answers = {
        code: browser.get(f"/console/locations/{location}").status_code
        for code, location in shop.location_ids.items()
    }
    assert sorted(set(answers.values())) == [200, 403]
    assert list(answers.values()).count(200) == 1
    assert browser.get("/console/network/edit").status_code == 403
