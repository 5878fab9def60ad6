"""A connection in shadow mode: its calls are stored, and sent or dropped when a user decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import NOON, Retailer
from tests.delivery.test_api import client
from tests.delivery.test_console import NAMES, PASSWORD, click, sign_in
from typer.testing import CliRunner

from doorstep.delivery import console
from doorstep.delivery.cli import create
from doorstep.delivery.console.connections import calls
from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Mode
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewUser
from doorstep.domain.identity.model import Role
from doorstep.flows import operations
from doorstep.kernel import errors, jobs


def switch_to(retailer: Retailer, key: str, mode: Mode) -> None:
    """Switch a connection, and let this process see it at once."""
    retailer.write(lambda tx: actions.switch(tx, key=key, mode=mode))
    retailer.app.registry.look_again()


def switch(retailer: Retailer, mode: Mode) -> None:
    switch_to(retailer, "mail", mode)


@pytest.fixture
def shadowed(retailer: Retailer) -> Retailer:
    """The confirmation of an order was only logged."""
    switch(retailer, Mode.SHADOW)
    retailer.place_order()
    retailer.settle()
    return retailer


def test_a_call_that_was_only_logged_is_not_done_and_not_dead(shadowed: Retailer) -> None:
    assert (shadowed.read(jobs.count_shadowed), shadowed.dead_letters(), shadowed.waiting()) == (
        {"mail": 1},
        [],
        0,
    )
    (kept,) = shadowed.read(lambda tx: jobs.shadowed(tx, connection="mail"))
    assert (kept.subscriber, kept.stream, kept.event_type) == (
        "email.order_confirmed",
        "order",
        "order.placed",
    )
    with pytest.raises(errors.Refused, match="mail is not live"):
        shadowed.write(lambda tx: operations.send_shadowed(tx, key="mail"))


def test_it_is_made_once_when_the_connection_is_live(shadowed: Retailer) -> None:
    switch(shadowed, Mode.LIVE)
    shadowed.settle()
    assert shadowed.client("mail").messages == {}
    assert shadowed.write(lambda tx: operations.send_shadowed(tx, key="mail")) == 1
    shadowed.settle()
    assert len(shadowed.client("mail").messages) == 1
    assert shadowed.read(jobs.count_shadowed) == {}


def test_or_it_is_dropped(shadowed: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = shadowed.app.settings
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv(
        "DOORSTEP_DATABASE_URL", chosen.database_url.get_secret_value() if chosen.database_url else ""
    )
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(chosen.data_dir))

    def run(*words: str) -> str:
        return CliRunner().invoke(create(), ["connections", *words]).stdout

    assert "email.order_confirmed" in run("unsent", "mail")
    assert "1 calls were only logged" in run("mode", "mail", "live")
    assert run("unsent", "mail", "--discard") == "1 call discarded.\n"
    assert run("unsent", "mail") == "No unsent calls.\n"
    with pytest.raises(errors.NotFound):
        shadowed.write(lambda tx: operations.drop_shadowed(tx, key="nobody"))


def test_the_api_lists_sends_and_drops_them(shadowed: Retailer) -> None:
    api = client(shadowed, Role.ADMINISTRATOR)
    address = "/api/v1/connections/mail/unsent-calls"
    mail = next(each for each in api.get("/api/v1/connections").json() if each["key"] == "mail")
    assert (mail["mode"], mail["unsent"]) == ("shadow", 1)
    page = api.get(address).json()
    assert [(each["handler"], each["subject"]) for each in page["items"]] == [
        ("email.order_confirmed", "order")
    ]
    assert page["next_cursor"] == ""
    assert api.post(f"{address}/send").status_code == 409
    assert client(shadowed, Role.OPERATIONS).post(f"{address}/drop").status_code == 403
    assert api.post(f"{address}/drop").json() == {"calls": 1}
    assert api.get("/api/v1/connections/nobody/unsent-calls").status_code == 404


def test_a_call_is_shown_in_fields() -> None:
    body = {"order_ref": "#2041", "items": [{"sku": "DJ-BL-01", "units": 2}, {"sku": ""}], "note": None}
    would_send: dict[str, object] = {"method": "POST", "path": "/orders", "body": body}
    call = jobs.Shadowed(1, "shipping.buy_label", "supply_promise", 7, "promise.made", would_send, NOON)
    page = calls.unsent_list("shiphawk")
    assert [column.csv(calls.Unsent(call)) for column in page.columns] == [
        "Shipping: buy label",
        "Backorder 7",
        "",
        "",
        "promise.made",
        NOON.isoformat(timespec="seconds"),
        "POST /orders order ref: #2041 · items 1 sku: DJ-BL-01 · items 1 units: 2",
    ]


def test_a_call_for_a_parcel_names_its_order_tracking_number_and_location(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    retailer.pack(retailer.work(order_id)[0])
    retailer.settle()
    (parcel, *_others) = retailer.parcels(order_id)
    data: dict[str, object] = {"shipment_id": parcel.id, "location_id": 0}
    call = jobs.Shadowed(1, "channel.confirm_shipment", "location", 9, "shipment.dispatched", {}, NOON, data)
    (found,) = retailer.read(lambda tx: calls.with_subjects(tx, [call]))
    assert (found.order_id, found.order_number) == (order_id, retailer.order(order_id).header.number)
    assert found.shipment is not None
    assert found.shipment.tracking_number == parcel.tracking_number
    assert found.location == "Warehouse A"


@pytest.fixture
def browser(shadowed: Retailer) -> Iterator[TestClient]:
    """An administrator at the console, not signed in yet."""
    user = NewUser(f"{NAMES[Role.ADMINISTRATOR]}@notnaked.example", "Admin", Role.ADMINISTRATOR, None)
    shadowed.write(lambda tx: identity.create_user(tx, user=user, password=PASSWORD, now=NOON))
    with TestClient(Starlette(routes=console.routes(shadowed.app)), follow_redirects=False) as browser:
        yield browser


def test_the_console_shows_and_sends_them(browser: TestClient, shadowed: Retailer) -> None:
    sign_in(browser, Role.ADMINISTRATOR)
    path = "/connections/mail/unsent"
    assert f'href="/console{path}">1</a>' in browser.get("/console/connections").text
    page = browser.get(f"/console{path}").text
    assert ("Email: order confirmed" in page, "do-drop" in page, "Send all</button>" in page) == (
        True,
        True,
        False,
    )
    number = shadowed.read(lambda tx: tx.value(str, "SELECT number FROM orders"))
    assert f">{number}</a>" in page
    assert click(browser, f"{path}/send", on=path)[0] == 409
    switch(shadowed, Mode.LIVE)
    status, page = click(browser, f"{path}/send", on=path)
    assert (status, "1 call is sent now." in page, "No calls are kept" in page) == (200, True, True)
    shadowed.settle()
    assert len(shadowed.client("mail").messages) == 1


def test_the_console_drops_them(browser: TestClient, shadowed: Retailer) -> None:
    sign_in(browser, Role.ADMINISTRATOR)
    path = "/connections/mail/unsent"
    status, page = click(browser, f"{path}/drop", on=path)
    assert (status, "1 call is discarded." in page) == (200, True)
    assert browser.get("/console/connections/nobody/unsent").status_code == 404
