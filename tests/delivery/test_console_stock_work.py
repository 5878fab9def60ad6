"""Stock work in the console: a user's clicks from the empty page to the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import PASSWORD, Shop

from doorstep.delivery import console
from doorstep.delivery.worker import files
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import views
from doorstep.domain.inventory.actions import imports, supplies
from doorstep.domain.inventory.model.supplies import Announcement, SupplyKind
from doorstep.domain.inventory.views import imports as import_views
from doorstep.kernel.ids import LocationId, Sku

SHIRT, JACKET = Sku("GT-WH-02"), Sku("DJ-BL-01")
NAMES = {
    Role.OPERATIONS: "dev",
    Role.LOCATION_STAFF: "ravi",
    Role.ADMINISTRATOR: "asha",
    Role.READ_ONLY: "lena",
}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        sign_in(client)
        yield client


def token_in(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found is not None
    return found[1]


def sign_in(browser: TestClient, role: Role = Role.OPERATIONS) -> None:
    browser.cookies.clear()
    form = {"csrf": token_in(browser.get("/console/login").text), "next": ""}
    form |= {"email": f"{NAMES[role]}@notnaked.example", "password": PASSWORD}
    assert browser.post("/console/login", data=form).status_code == 303


def click(browser: TestClient, path: str, *, status: int = 200, **form: object) -> str:
    """Post a form the way htmx does; gives the fresh page."""
    csrf = token_in(browser.get("/console/orders").text)
    answer = browser.post(f"/console{path}", data={"csrf": csrf, **form}, headers=HTMX)
    assert answer.status_code == status, answer.text
    return answer.text


def on_hand(shop: Shop, code: str, sku: str = SHIRT) -> dict[str, int]:
    with shop.app.db.read() as tx:
        found = views.positions(tx, sku=sku, location_id=shop.location_ids[code])
    return {each.condition.value: each.on_hand for each in found}


@pytest.mark.parametrize("path", ["transfers", "receiving", "counts", "replenishment", "files"])
def test_an_empty_page_suggests_the_next_step(browser: TestClient, path: str) -> None:
    page = browser.get(f"/console/{path}")
    assert page.status_code == 200
    assert 'class="empty"' in page.text
    assert 'aria-current="page">' in page.text


def test_a_transfer_is_drafted_sent_and_received(browser: TestClient, shop: Shop) -> None:
    origin, destination = shop.location_ids["WH-A"], shop.location_ids["ST-22"]
    before = on_hand(shop, "ST-22", JACKET).get("new", 0)
    form = {"origin": origin, "destination": destination, "lines": f"{JACKET} 2\n{JACKET}"}
    assert "Transfer 1 is drafted" in click(browser, "/transfers/draft", **form)
    click(browser, "/transfers/1/change", version=1, lines=f"{JACKET} 2")
    assert "In transit" not in click(browser, "/transfers/1/request", version=2)
    page = click(browser, "/transfers/1/ship", version=3, **{f"sent-{JACKET}": 2})
    assert f"/receiving/new?location={destination}&amp;document=transfer:1" in page
    assert "Transfer 1" in browser.get("/console/receiving").text
    what = {"location": destination, "document": "transfer:1"}
    page = click(browser, "/receiving/scan", **what, code=JACKET)
    assert f"{JACKET}: 1" in page
    page = click(browser, "/receiving/post", **what, **{f"good-{JACKET}": 1, f"damaged-{JACKET}": 1})
    assert "Receipt 1: 2 units received." in page
    after = on_hand(shop, "ST-22", JACKET)
    assert (after["new"], after["damaged"]) == (before + 1, 1)
    assert "Received" in browser.get("/console/transfers/1").text
    assert "Damaged on arrival" in browser.get("/console/receipts/1").text


def test_what_cannot_be_booked_keeps_what_was_written(browser: TestClient, shop: Shop) -> None:
    what = {"location": shop.location_ids["WH-A"], "document": ""}
    assert "Unknown code nonsense." in click(browser, "/receiving/scan", **what, code="nonsense")
    page = click(browser, "/receiving/post", status=422, **what, note="three boxes")
    assert 'value="three boxes"' in page
    page = click(browser, "/receiving/scan", **what, **{f"good-{SHIRT}": 4}, code="")
    assert re.search(rf'name="good-{SHIRT}"\s+value="4"', page)
    assert "unit received" not in page


def test_a_purchase_order_is_received_and_closed_short(browser: TestClient, shop: Shop) -> None:
    location, soon = LocationId(shop.location_ids["WH-A"]), shop.now.date()
    reported = Announcement(SupplyKind.PURCHASE_ORDER, "PO-7", 1, SHIRT, location, 5, soon)
    with shop.app.db.write(actor="user:2") as tx:
        supplies.put(tx, reported=[reported], at=shop.now)
    before = on_hand(shop, "WH-A")["new"]
    assert "Purchase order PO-7" in browser.get("/console/receiving").text
    what = {"location": location, "document": "purchase_order:PO-7", "closes": "yes"}
    click(browser, "/receiving/post", **what, **{f"good-{SHIRT}": 3, f"good-{JACKET}": 1})
    assert on_hand(shop, "WH-A")["new"] == before + 3
    assert on_hand(shop, "WH-A", JACKET)["quarantine"] == 1
    assert "PO-7" not in browser.get("/console/receiving").text.partition("Receipts")[0]


def test_staff_count_blind_and_operations_agree(browser: TestClient, shop: Shop) -> None:
    sign_in(browser, Role.LOCATION_STAFF)
    location, before = shop.location_ids["ST-22"], on_hand(shop, "ST-22")["new"]
    form = {"location_id": location, "kind": "blind", "title": "Shelf 4", "skus": SHIRT}
    assert "Count 1 is open" in click(browser, "/counts/open", **form)
    assert f"{SHIRT}: 1 counted" in click(browser, "/counts/1/scan", code=SHIRT)
    assert "Unknown code" in click(browser, "/counts/1/scan", status=422, code="nonsense")
    page = click(browser, "/counts/1/write", **{f"counted-{SHIRT}-new": before - 1})
    assert "System quantity" not in page
    page = click(browser, "/counts/1/submit", version=1)
    assert ("System quantity" in page, "/counts/1/approve" in page) == (True, False)
    click(browser, "/counts/1/approve", status=403, version=2)
    sign_in(browser)
    page = click(browser, "/counts/1/recount", reason="look again")
    click(browser, "/counts/1/write", **{f"counted-{SHIRT}-new": before - 2})
    click(browser, "/counts/1/submit", rest="yes")
    page = click(browser, "/counts/1/approve", status=409)
    assert "You counted this yourself" in page
    assert "Approved" in click(browser, "/counts/1/approve", alone="yes")
    assert on_hand(shop, "ST-22")["new"] == before - 2


def test_an_open_count_shows_system_quantities_and_a_canceled_one_changes_nothing(
    browser: TestClient, shop: Shop
) -> None:
    form = {
        "location_id": shop.location_ids["WH-A"],
        "kind": "open",
        "title": "Two",
        "skus": f"{SHIRT} {JACKET}",
    }
    click(browser, "/counts/open", **form)
    page = browser.get("/console/counts/1").text
    books = on_hand(shop, "WH-A", JACKET)["new"]
    assert f'data-label="System quantity" class="num">{books}<' in page
    assert "Canceled. The stock is unchanged." in click(browser, "/counts/1/cancel")
    assert "Two" not in browser.get("/console/counts").text
    assert "Two" in browser.get("/console/counts?state=all").text


def test_rules_are_written_and_what_is_lacking_is_drafted(browser: TestClient, shop: Shop) -> None:
    form = {"source": shop.location_ids["WH-A"], "where": shop.location_ids["ST-22"], "sku": JACKET}
    page = click(browser, "/replenishment/put", status=422, **form, min_quantity=9, max_quantity=1)
    assert "The maximum must not be less" in page
    click(browser, "/replenishment/put", **form, min_quantity=90, max_quantity=90)
    click(
        browser,
        "/replenishment/put",
        source=1,
        where="store",
        category="Hats",
        min_quantity=1,
        max_quantity=2,
    )
    assert "1 transfer drafted" in click(browser, "/replenishment/draft")
    assert "No transfers needed" in click(browser, "/replenishment/draft")
    assert "The source can spare" in browser.get("/console/transfers/1").text
    page = click(browser, "/replenishment/delete", rule_id=2)
    assert "Hats" not in page


def test_a_file_is_imported_and_its_bad_rows_are_downloaded(browser: TestClient, shop: Shop) -> None:
    text = f"sku,location,quantity\n{SHIRT},WH-A,44\nNO-SUCH,WH-A,1\n"
    csrf = token_in(browser.get("/console/files").text)
    given = {"csrf": csrf, "kind": "stock", "as_of": ""}
    sent = {"file": ("stock.csv", text.encode(), "text/csv")}
    answer = browser.post("/console/files/import", data=given, files=sent, headers=HTMX)
    assert (answer.status_code, "2 rows read." in answer.text) == (200, True)
    assert "<progress" in browser.get("/console/files/1").text
    while files.advance(shop.app):
        pass
    page = browser.get("/console/files/1").text
    assert ("sku is not in the catalog: NO-SUCH" in page, on_hand(shop, "WH-A")["new"]) == (True, 44)
    bad = browser.get("/console/files/1/problems.csv").text.splitlines()
    assert bad[1] == "3,sku is not in the catalog: NO-SUCH,NO-SUCH,WH-A,1,"
    assert f"{SHIRT},WH-A,44,new" in browser.get("/console/files/stock.csv").text
    assert ",synchronized," in browser.get("/console/files/movements.csv").text
    assert "Feed from file" in browser.get("/console/feeds/1").text


def test_an_empty_file_is_reported_and_a_failed_one_continues(browser: TestClient, shop: Shop) -> None:
    csrf = token_in(browser.get("/console/files").text)
    sent = {"file": ("stock.csv", b"sku\n", "text/csv")}
    for given, reported in (
        ({"kind": "stock"}, "lacks location"),
        ({"kind": "x"}, "Choose what the file contains"),
    ):
        answer = browser.post("/console/files/import", data={"csrf": csrf, **given}, files=sent, headers=HTMX)
        assert (answer.status_code, reported in answer.text) == (422, True)
    assert "Choose a file" in click(browser, "/files/import", status=422, kind="stock")
    good = {"file": ("stock.csv", b"sku,location,quantity\n", "text/csv")}
    browser.post("/console/files/import", data={"csrf": csrf, "kind": "stock"}, files=good)
    with shop.app.db.write(actor="system") as tx:
        (file,) = import_views.rows(tx)
        imports.stop(tx, import_id=file.id, error="disk full", at=shop.now)
    assert "disk full" in browser.get(f"/console/files/{file.id}").text
    assert "Resumed." in click(browser, f"/files/{file.id}/resume")
    given = {"csrf": csrf, "kind": "stock", "as_of": "yesterday"}
    answer = browser.post("/console/files/import", data=given, files=good, headers=HTMX)
    assert (answer.status_code, "Enter a date and time." in answer.text) == (422, True)


def test_staff_see_and_do_what_concerns_their_location(browser: TestClient, shop: Shop) -> None:
    sign_in(browser, Role.LOCATION_STAFF)
    elsewhere = shop.location_ids["WH-A"]
    assert browser.get(f"/console/receiving/new?location={elsewhere}").status_code == 403
    assert browser.get("/console/files").status_code == 403
    assert "Feeds and files" not in browser.get("/console/counts").text
    form = {"location_id": elsewhere, "kind": "blind", "title": "x", "skus": SHIRT}
    click(browser, "/counts/open", status=403, **form)
    sign_in(browser, Role.READ_ONLY)
    click(browser, "/counts/open", status=403, **form)
