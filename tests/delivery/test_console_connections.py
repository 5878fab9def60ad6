"""One connection in the console: seen, tested, paused, filled in, changed, switched, added."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import NOON, Retailer, order_snapshot
from tests.delivery.test_console import NAMES, PASSWORD, click, sign_in

from doorstep.delivery import console
from doorstep.domain.connections import views
from doorstep.domain.connections.model import Mode
from doorstep.domain.connections.views import feeds
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewUser
from doorstep.domain.identity.model import Role

PAGE = "/connections/shop"
SECRET = "a shop secret that is long"


@contextmanager
def signed_in(retailer: Retailer, role: Role) -> Iterator[TestClient]:
    """A user of this role at the console."""
    user = NewUser(f"{NAMES[role]}@notnaked.example", "User", role, None)
    retailer.write(lambda tx: identity.create_user(tx, user=user, password=PASSWORD, now=NOON))
    with TestClient(Starlette(routes=console.routes(retailer.app)), follow_redirects=False) as browser:
        sign_in(browser, role)
        yield browser


@pytest.fixture
def browser(retailer: Retailer) -> Iterator[TestClient]:
    with signed_in(retailer, Role.ADMINISTRATOR) as opened:
        yield opened


def act(browser: TestClient, path: str, *, on: str = PAGE, **form: object) -> str:
    """Post a form of a page; gives the fresh page."""
    return click(browser, path, on=on, **form)[1]


def mode(retailer: Retailer, key: str = "shop") -> str:
    return {row.key: row.mode for row in retailer.read(views.all_connections)}[key]


def test_the_page_shows_feeds_messages_and_settings_without_secrets(
    retailer: Retailer, browser: TestClient
) -> None:
    retailer.receive("shop", "order", order_snapshot(), b"{")
    retailer.settle()
    shown = browser.get(f"/console{PAGE}").text
    for words in ("Orders", "Running", "Newest messages", "Failed", "Webhook secret", "/hooks/shop"):
        assert words in shown
    assert "the secret of the shop" not in shown


def test_a_feed_is_paused_resumed_and_run(retailer: Retailer, browser: TestClient) -> None:
    def state() -> str:
        return retailer.read(feeds.states)[0].state

    assert "Paused. It is read no further until you resume it." in act(browser, f"{PAGE}/feeds/1/pause")
    assert state() == "paused"
    assert "Resumed where it was paused." in act(browser, f"{PAGE}/feeds/1/resume")
    assert "It is read now." in act(browser, f"{PAGE}/feeds/1/run")
    assert state() == "running"
    assert "A feed cannot be canceled: pause it." in act(browser, f"{PAGE}/feeds/1/cancel")


def test_history_is_filled_in(retailer: Retailer, browser: TestClient) -> None:
    since = f"{NOON - timedelta(days=9):%Y-%m-%d}"
    done = act(browser, f"{PAGE}/back-fill", feed="orders", since=since)
    assert "The back-fill has begun." in done
    assert "back-fill, 0 % read" in done
    refused = act(browser, f"{PAGE}/back-fill", feed="orders", since=f"{NOON - timedelta(days=900):%Y-%m-%d}")
    assert "Orders goes back at most 30 days." in refused


def test_the_connection_is_tested(retailer: Retailer, browser: TestClient) -> None:
    assert "The connection works." in act(browser, f"{PAGE}/test")
    assert "The vendor accepts our credentials." in browser.get(f"/console{PAGE}").text


def test_the_mode_is_switched(retailer: Retailer, browser: TestClient) -> None:
    assert "It is in shadow mode" in act(browser, f"{PAGE}/switch", mode="shadow")
    assert mode(retailer) == Mode.SHADOW


def test_a_secret_is_rotated_and_a_blank_one_stays(retailer: Retailer, browser: TestClient) -> None:
    before = retailer.app.registry.by_key("shop").settings["webhook_secret"]
    act(browser, f"{PAGE}/change", on=f"{PAGE}/edit", name="Shop of the north", base_url="http://127.0.0.1")
    changed = retailer.app.registry.by_key("shop")
    assert (changed.name, changed.settings["webhook_secret"]) == ("Shop of the north", before)
    act(browser, f"{PAGE}/change", on=f"{PAGE}/edit", name="Shop", webhook_secret=SECRET)
    assert retailer.app.registry.by_key("shop").settings["webhook_secret"] == SECRET
    weak = act(browser, f"{PAGE}/change", on=f"{PAGE}/edit", name="Shop", webhook_secret="short")
    assert "at least 16 characters" in weak


def test_a_connection_is_added_in_shadow_mode(retailer: Retailer, browser: TestClient) -> None:
    form = "/connections/new?connector=channels/direct"
    assert "Add connection" in browser.get(f"/console{form}").text
    given = {"connector": "channels/direct", "key": "till", "name": "Till", "webhook_secret": SECRET}
    act(browser, "/connections/add?connector=channels/direct", on=form, **given)
    assert mode(retailer, "till") == Mode.SHADOW
    again = act(browser, "/connections/add?connector=channels/direct", on=form, **given)
    assert "A connection has this key already: choose another." in again


def test_a_message_is_shown_and_read_again(retailer: Retailer, browser: TestClient) -> None:
    retailer.receive("shop", "order", b'{"data": 7}')
    retailer.settle()
    (dead,) = retailer.dead_letters()
    address = f"{PAGE}/messages/{dead['id']}"
    assert "data" in browser.get(f"/console{address}").text
    assert "The message is read again." in act(browser, f"{address}/read-again", on=address)
    assert "1 message" in browser.get(f"/console{PAGE}/messages").text
    assert browser.get(f"/console/connections/pay/messages/{dead['id']}").status_code == 404


def test_who_may_only_read_gets_no_buttons(retailer: Retailer) -> None:
    with signed_in(retailer, Role.OPERATIONS) as reader:
        assert "Test connection" not in reader.get(f"/console{PAGE}").text
        assert reader.get("/console/connections/new").status_code == 403
