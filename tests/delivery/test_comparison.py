"""What a connection in shadow mode would have sent is compared in API, console and on the command line."""

from __future__ import annotations

import pytest
from tests.builders import SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_api import client
from tests.delivery.test_console import click
from tests.delivery.test_console_connections import signed_in
from tests.delivery.test_shadow import switch_to
from tests.flows.comparison.test_look_ups import later_on
from typer.testing import CliRunner

from doorstep.delivery.cli import create
from doorstep.domain.connections.model import Mode
from doorstep.domain.identity.model import Role

API = "/api/v1/connections/books"
PAGE = "/connections/books/comparison"


@pytest.fixture
def compared(retailer: Retailer) -> Retailer:
    """Of two documents the ERP has one already, posted by another system."""
    switch_to(retailer, "books", Mode.SHADOW)
    for _order in range(2):
        retailer.ship(retailer.place_order(order_snapshot(line(SHIRT, 1))))
    found = later_on(retailer, "books")
    retailer.client("books")._numbers[found[0].reference] = "INV-77"
    later_on(retailer, "books", hours=2)
    return retailer


def test_the_api_lists_totals_and_both_sides(compared: Retailer) -> None:
    api = client(compared, Role.ADMINISTRATOR)
    (same,) = api.get(f"{API}/comparisons", params={"result": "same"}).json()["items"]
    assert (same["operation"], same["ours"]["amount"], same["theirs"], same["differs"], same["ended"]) == (
        "post_document",
        "INR 799.00",
        {"document": "INV-77"},
        [],
        "",
    )
    assert api.get(f"{API}/comparisons/{same['id']}").json() == same
    day = same["occurred_at"][:10]
    assert api.get(f"{API}/comparison-totals").json() == [
        {"operation": "post_document", "day": day, "result": "only_ours", "count": 1, "kept": 1},
        {"operation": "post_document", "day": day, "result": "same", "count": 1, "kept": 1},
    ]
    assert len(api.get(f"{API}/comparisons", params={"day": day, "limit": 1}).json()["items"]) == 1
    assert api.get(f"{API}/comparisons", params={"operation": "refund"}).json()["items"] == []
    assert api.get("/api/v1/connections/pay/comparisons/1").status_code == 404


def test_the_api_catches_up_once_it_is_live(compared: Retailer) -> None:
    api = client(compared, Role.ADMINISTRATOR)
    address = f"{API}/unsent-calls/catch-up"
    assert api.post(address).status_code == 409
    switch_to(compared, "books", Mode.LIVE)
    assert client(compared, Role.OPERATIONS).post(address).status_code == 403
    assert api.post(address).json() == {"sent": 1, "discarded": 1, "left": 0}
    ended = {each["result"]: each["ended"] for each in api.get(f"{API}/comparisons").json()["items"]}
    assert ended == {"same": "discarded", "only_ours": "sent"}


def test_the_command_line_shows_both_sides(compared: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = compared.app.settings
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv(
        "DOORSTEP_DATABASE_URL", chosen.database_url.get_secret_value() if chosen.database_url else ""
    )
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(chosen.data_dir))

    def run(*words: str) -> str:
        return CliRunner().invoke(create(), ["connections", *words]).stdout

    shown = run("compare", "books", "--result", "same", "--now")
    assert "document INV-77" in shown
    assert "only ours" in shown
    assert run("compare", "shop").startswith("shop has no calls to compare")
    assert "No call compares so." in run("compare", "books", "--operation", "refund")
    switch_to(compared, "books", Mode.LIVE)
    assert run("unsent", "books", "--catch-up") == "1 sent, 1 discarded, 0 kept.\n"


def test_the_console_shows_totals_and_one_call(compared: Retailer) -> None:
    with signed_in(compared, Role.ADMINISTRATOR) as browser:
        assert f'href="/console{PAGE}"' in browser.get("/console/connections/books").text
        shown = browser.get(f"/console{PAGE}?result=same").text
        assert "operation=post_document&amp;result=only_ours" in shown
        assert "Document: INV-77" in shown
        assert "The ERP has no document" not in shown
        (found,) = (each for each in later_on(compared, "books", hours=3) if each.result == "same")
        one = browser.get(f"/console{PAGE}/{found.id}").text
        assert ("Both sides" in one, "INV-77" in one, found.reference in one) == (True, True, True)
        assert "INV-77" in browser.get(f"/console{PAGE}?format=csv").text
        switch_to(compared, "books", Mode.LIVE)
        status, page = click(browser, f"{PAGE}/catch-up", on=PAGE)
        assert (status, "1 call is sent now. 1 call is discarded. 0 calls are kept." in page) == (200, True)
        assert browser.get(f"/console{PAGE}/999999").status_code == 404
