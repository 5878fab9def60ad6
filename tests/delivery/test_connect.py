"""Connect by signing in at the vendor, through the console and the vendors' partner servers: the whole way, and every refusal."""

from __future__ import annotations

import dataclasses
import functools
import io
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests import clock, partners
from tests.builders import NOON, PASSWORD, Retailer
from tests.contracts.partners import amazon
from tests.delivery.test_api import client
from tests.delivery.test_console import HTMX, NAMES, sign_in, token_in

from doorstep.delivery import console
from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewUser
from doorstep.domain.identity.model import Role
from doorstep.flows import connection_checks
from doorstep.flows.connection_sign_ins.start import CALLBACK
from doorstep.kernel import log

VENDORS = ("shopify", "amazon")
SHOP_SECRET = "the client secret of the app"


@pytest.fixture(scope="module")
def running() -> Iterator[partners.Partners]:
    with partners.running({"shopify": {"client_secret": SHOP_SECRET}}, VENDORS) as found:
        yield found


@dataclasses.dataclass
class Desk:
    """A person at the console, with connections to the partner servers that nobody has signed in to."""

    retailer: Retailer
    running: partners.Partners
    browser: TestClient

    def press(self, key: str) -> str:
        """Choose Connect; gives the vendor's address."""
        csrf = token_in(self.browser.get(f"/console/connections/{key}").text)
        answer = self.browser.post(f"/console/connections/{key}/connect", data={"csrf": csrf}, headers=HTMX)
        assert answer.status_code == 200, answer.text
        return answer.headers["hx-redirect"]

    def consent(self, address: str, answer: str = "install") -> str:
        """Agree on the vendor's page; gives the path and query with which the browser comes back."""
        with httpx.Client(trust_env=False) as web:
            page = web.get(address)
            assert page.status_code == 200, page.text
            (action,) = re.findall(r'action="([^"]+)"', page.text)
            form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
            form = {name: unescape(value) for name, value in form.items()} | {"answer": answer}
            back = web.post(str(page.url.join(action)), data=form).headers["location"]
        parts = urlsplit(back)
        assert (parts.scheme, parts.path) == ("http", CALLBACK)
        return f"{parts.path}?{parts.query}"

    def change(self, key: str, **settings: object) -> None:
        registry = self.retailer.app.registry
        self.retailer.write(lambda tx: registry.change(tx, key=key, name=key, settings=settings))
        registry.look_again()

    def standing(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = (
            client(self.retailer, Role.ADMINISTRATOR).get(f"/api/v1/connections/{key}/sign-in").json()
        )
        return found

    def token_row(self, key: str) -> list[dict[str, Any]]:
        return self.retailer.read(
            lambda tx: tx.rows(
                "SELECT t.* FROM connection_tokens t JOIN connections c ON c.id = t.connection_id WHERE c.key = %s",
                (key,),
            )
        )

    def works(self, key: str) -> bool:
        """Whether the vendor takes our calls."""
        connection = self.retailer.app.registry.by_key(key)
        return all(
            each.is_ok for each in connection_checks.check(self.retailer.app.context, connection=connection)
        )


def put(retailer: Retailer, key: str, settings: Mapping[str, object]) -> None:
    registry = retailer.app.registry
    connector = registry.connector(Kind.CHANNELS, key)
    retailer.write(
        lambda tx: registry.configure(
            tx, key=key, connector=connector, name=key.title(), settings=settings, mode=Mode.LIVE
        )
    )
    registry.look_again()


@pytest.fixture
def desk(retailer: Retailer, running: partners.Partners) -> Iterator[Desk]:
    for name in VENDORS:
        running.act(name, "reset")
    with console_of(retailer) as browser:
        sign_in(browser, Role.ADMINISTRATOR)
        ready = running.ready["amazon"]
        seller = amazon.settings(ready) | {"refresh_token": "", "seller_id": ""}
        central = {"application_id": ready["application_id"], "seller_central_url": ready["url"]}
        put(retailer, "amazon", seller | central)
        shop = running.ready["shopify"]
        app = {"client_id": shop["client_id"], "webhook_secret": shop["client_secret"]}
        put(retailer, "shopify", {"base_url": shop["url"], **app})
        yield Desk(retailer, running, browser)


@contextmanager
def console_of(retailer: Retailer) -> Iterator[TestClient]:
    for role in (Role.ADMINISTRATOR, Role.OPERATIONS):
        user = NewUser(f"{NAMES[role]}@notnaked.example", "Asha", role, None)
        retailer.write(functools.partial(identity.create_user, user=user, password=PASSWORD, now=NOON))
    with TestClient(Starlette(routes=console.routes(retailer.app)), follow_redirects=False) as browser:
        yield browser


def test_a_seller_connects_amazon(desk: Desk) -> None:
    shown = desk.browser.get("/console/connections/amazon").text
    assert "Not connected to Amazon yet." in shown
    assert "Connect to Amazon" in shown
    answer = desk.browser.get(desk.consent(desk.press("amazon")))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/connections/amazon")
    page = desk.browser.get("/console/connections/amazon").text
    assert "Connected to Amazon. The test found no problem." in page
    assert "Connect again" in page
    found = desk.standing("amazon")
    seller = desk.running.ready["amazon"]["seller_id"]
    assert (found["standing"], found["account"]) == ("connected", seller)
    assert found["connected_by"].startswith("user:")
    assert desk.retailer.app.registry.by_key("amazon").settings["seller_id"] == seller
    assert desk.works("amazon")


def test_a_merchant_connects_shopify_and_its_tokens_rotate(desk: Desk) -> None:
    answer = desk.browser.get(desk.consent(desk.press("shopify")))
    assert answer.status_code == 303
    found = desk.standing("shopify")
    assert found["standing"] == "connected"
    assert "write_fulfillments" in found["scopes"]
    assert found["ends_at"] is not None
    first = desk.running.state("shopify")["refresh_tokens"]
    desk.running.act("shopify", "expire_tokens")
    assert desk.works("shopify")
    assert len(desk.running.state("shopify")["refresh_tokens"]) == len(first) + 1
    after = desk.standing("shopify")
    assert (after["account"], after["scopes"]) == (found["account"], found["scopes"])


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything logged during the test; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure(stream=stream, level="debug")
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_tokens_are_sealed_and_neither_code_nor_token_is_logged(desk: Desk, lines: io.StringIO) -> None:
    back = desk.consent(desk.press("amazon"))
    desk.browser.get(back)
    desk.browser.get(back)
    desk.browser.get(changed(desk.consent(desk.press("shopify")), code="a code that ended"))
    state = desk.running.state("amazon")
    code = parse_qs(urlsplit(back).query)["spapi_oauth_code"][0]
    secrets = [code, "a code that ended", *state["tokens"], *state["refresh_tokens"]]
    assert len(secrets) > 3
    stored = str(desk.token_row("amazon")) + str(
        desk.retailer.read(lambda tx: tx.rows("SELECT data FROM events WHERE type = 'connection.connected'"))
    )
    assert "partner call" in lines.getvalue()
    for each in secrets:
        assert each not in lines.getvalue()
        assert each not in stored


def test_who_connected_is_audited(desk: Desk) -> None:
    desk.browser.get(desk.consent(desk.press("amazon")))
    (event,) = desk.retailer.read(
        lambda tx: tx.rows("SELECT actor, data FROM events WHERE type = 'connection.connected'")
    )
    assert str(event["actor"]).startswith("user:")
    assert event["data"] == {
        "connection_id": desk.retailer.app.registry.by_key("amazon").id,
        "connection": "amazon",
        "account": desk.running.ready["amazon"]["seller_id"],
        "scopes": "",
    }


def refused(desk: Desk, back: str, words: str, status: int = 409) -> None:
    """The callback says why, and the tokens of before are still there."""
    before = desk.token_row("amazon") + desk.token_row("shopify")
    answer = desk.browser.get(back)
    assert answer.status_code == status, answer.text
    assert words in unescape(answer.text)
    assert desk.token_row("amazon") + desk.token_row("shopify") == before


def changed(back: str, **values: str) -> str:
    """The same return with other values; an empty one is left out."""
    parts = urlsplit(back)
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | values
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value})}"


def test_a_state_counts_once(desk: Desk) -> None:
    back = desk.consent(desk.press("amazon"))
    desk.browser.get(back)
    refused(desk, back, "each sign-in counts once")
    assert "The sign-in of before still counts." in desk.browser.get(back).text


def test_two_returns_at_once_connect_once(desk: Desk) -> None:
    back = desk.consent(desk.press("amazon"))
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(desk.browser.get(back).status_code)) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(statuses) == [303, 409, 409, 409]
    assert len(desk.running.state("amazon")["refresh_tokens"]) == 1


@pytest.mark.parametrize("state", ["", "st_made_up"])
def test_a_state_that_was_not_started_here_is_refused(desk: Desk, state: str) -> None:
    back = changed(desk.consent(desk.press("amazon")), state=state)
    refused(desk, back, "This sign-in was not started here.")


def test_a_state_ends_after_ten_minutes(desk: Desk) -> None:
    back = desk.consent(desk.press("amazon"))
    with clock.at(NOON + timedelta(minutes=11)):
        refused(desk, back, "More than ten minutes have passed")


def test_another_session_cannot_finish_it(desk: Desk) -> None:
    back = desk.consent(desk.press("amazon"))
    desk.browser.cookies.clear()
    sign_in(desk.browser, Role.ADMINISTRATOR)
    refused(desk, back, "The sign-in was started by somebody else")


def test_a_role_that_may_not_change_connections_cannot_finish_it(desk: Desk) -> None:
    back = desk.consent(desk.press("amazon"))
    desk.browser.cookies.clear()
    sign_in(desk.browser, Role.OPERATIONS)
    refused(desk, back, "does not permit", status=403)


def test_without_a_session_the_code_is_not_carried_through_the_sign_in_page(desk: Desk) -> None:
    back = desk.consent(desk.press("amazon"))
    cookies = dict(desk.browser.cookies)
    desk.browser.cookies.clear()
    refused(desk, back, "You are not signed in to Doorstep in this browser.", status=401)
    assert "location" not in desk.browser.get(back).headers
    desk.browser.cookies.update(cookies)
    assert desk.browser.get(back).status_code == 303


def test_a_merchant_declines(desk: Desk) -> None:
    back = desk.consent(desk.press("shopify"), "cancel")
    refused(desk, back, "Access was declined at Shopify.")


def test_an_error_of_the_vendor_is_shown_as_text(desk: Desk) -> None:
    state = parse_qs(urlsplit(desk.press("amazon")).query)["state"][0]
    query = {"state": state, "error": "server_error", "error_description": "<b>down</b>" + "x" * 400}
    refused(desk, f"{CALLBACK}?{urlencode(query)}", "Amazon refused the sign-in.")
    assert "<b>down" not in desk.browser.get(f"{CALLBACK}?{urlencode(query)}").text


def test_a_return_without_a_code_is_refused(desk: Desk) -> None:
    back = changed(desk.consent(desk.press("amazon")), spapi_oauth_code="")
    refused(desk, back, "Amazon gave no access")


def test_a_code_that_has_ended_is_refused_by_the_vendor(desk: Desk) -> None:
    back = changed(desk.consent(desk.press("amazon")), spapi_oauth_code="RHold")
    refused(desk, back, "invalid grant parameter")


@pytest.mark.parametrize(
    "change", [{"code": "another"}, {"hmac": "0" * 64}, {"hmac": ""}, {"shop": "evil.myshopify.com"}]
)
def test_what_shopify_did_not_sign_is_refused(desk: Desk, change: dict[str, str]) -> None:
    back = changed(desk.consent(desk.press("shopify")), **change)
    refused(desk, back, "It is not certain that Shopify sent you here.")


def test_another_seller_is_refused(desk: Desk) -> None:
    desk.browser.get(desk.consent(desk.press("amazon")))
    back = changed(desk.consent(desk.press("amazon")), selling_partner_id="AANOTHER")
    refused(desk, back, "Another account signed in at Amazon")


def test_a_vendor_that_does_not_answer_leaves_the_old_sign_in(desk: Desk) -> None:
    desk.browser.get(desk.consent(desk.press("amazon")))
    back = desk.consent(desk.press("amazon"))
    desk.running.fail("amazon", {"kind": "status_500", "path_regex": "token$", "times": 20})
    refused(desk, back, "Amazon did not answer as expected.")
    desk.running.fail("amazon")
    assert desk.works("amazon")


def test_connecting_again_replaces_a_sign_in_that_was_taken_back(desk: Desk) -> None:
    desk.browser.get(desk.consent(desk.press("shopify")))
    desk.running.act("shopify", "uninstall")
    assert not desk.works("shopify")
    found = desk.standing("shopify")
    assert found["standing"] == "ended"
    shown = desk.browser.get("/console/connections/shopify").text
    assert "Shopify no longer accepts the sign-in." in shown
    assert "Connect again" in desk.browser.get("/console/connections").text
    assert desk.browser.get(desk.consent(desk.press("shopify"))).status_code == 303
    assert desk.standing("shopify")["standing"] == "connected"
    assert desk.works("shopify")


def test_a_seller_who_takes_back_the_consent_is_asked_to_connect_again(desk: Desk) -> None:
    desk.browser.get(desk.consent(desk.press("amazon")))
    desk.running.act("amazon", "revoke")
    assert not desk.works("amazon")
    assert desk.standing("amazon")["standing"] == "ended"


@pytest.mark.parametrize(
    ("days", "standing", "finding"),
    [(30, "connected", ""), (13, "connected", "connect again before"), (-1, "ended", "connect again before")],
)
def test_the_end_of_a_sign_in_is_announced(desk: Desk, days: int, standing: str, finding: str) -> None:
    desk.browser.get(desk.consent(desk.press("shopify")))
    desk.retailer.write(
        lambda tx: tx.execute(
            "UPDATE connection_tokens SET refresh_ends_at = now() + make_interval(days => %s)", (days,)
        )
    )
    assert desk.standing("shopify")["standing"] == standing
    connection = desk.retailer.app.registry.by_key("shopify")
    findings = connection_checks.check(desk.retailer.app.context, connection=connection)
    wrong = [str(each.message) for each in findings if not each.is_ok]
    assert len(wrong) == bool(finding)
    assert finding in "".join(wrong)


def test_feeds_that_failed_before_are_read_now(desk: Desk) -> None:
    connection_id = desk.retailer.app.registry.by_key("amazon").id
    desk.retailer.write(
        lambda tx: tx.execute(
            "UPDATE feed_readings SET error = 'not signed in', due_at = now() + interval '1 hour' WHERE connection_id = %s",
            (connection_id,),
        )
    )
    desk.browser.get(desk.consent(desk.press("amazon")))
    due = desk.retailer.read(
        lambda tx: tx.column(
            bool, "SELECT due_at <= now() FROM feed_readings WHERE connection_id = %s", (connection_id,)
        )
    )
    assert due == [True, True]


def test_a_failed_test_after_connecting_is_said(desk: Desk) -> None:
    desk.change("amazon", marketplaces="ATVPDKIKX0DER")
    desk.browser.get(desk.consent(desk.press("amazon")))
    page = desk.browser.get("/console/connections/amazon").text
    assert "Connected to Amazon, but the test found a problem" in page
    assert "The seller does not sell there" in page


def test_without_scripts_a_page_leads_on(desk: Desk) -> None:
    """A redirect of a form to another site is stopped by our content security policy."""
    csrf = token_in(desk.browser.get("/console/connections/amazon").text)
    answer = desk.browser.post("/console/connections/amazon/connect", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:' in answer.text
    assert "Go on to Amazon" in answer.text


def test_the_button_needs_the_form_of_the_page(desk: Desk) -> None:
    answer = desk.browser.post("/console/connections/amazon/connect", data={"csrf": "forged"})
    assert answer.status_code == 403
    assert desk.browser.get("/console/connections/amazon/connect").status_code == 303


@pytest.mark.parametrize(
    ("public_url", "words"),
    [
        ("http://oms.example.com", "set DOORSTEP_PUBLIC_URL"),
        ("http://0.0.0.0:8700", "set DOORSTEP_PUBLIC_URL"),
    ],
)
def test_without_a_public_address_nobody_is_sent_away(desk: Desk, public_url: str, words: str) -> None:
    app = desk.retailer.app
    elsewhere = dataclasses.replace(app, context=dataclasses.replace(app.context, public_url=public_url))
    with TestClient(Starlette(routes=console.routes(elsewhere)), follow_redirects=False) as browser:
        sign_in(browser, Role.ADMINISTRATOR)
        csrf = token_in(browser.get("/console/connections/amazon").text)
        answer = browser.post("/console/connections/amazon/connect", data={"csrf": csrf}, headers=HTMX)
    assert answer.status_code == 409
    assert words in answer.text
    assert "hx-redirect" not in answer.headers


def test_a_connection_that_is_off_or_not_complete_says_so(desk: Desk) -> None:
    desk.change("amazon", application_id="")
    api = client(desk.retailer, Role.ADMINISTRATOR)
    answer = api.post("/api/v1/connections/amazon/sign-in")
    assert (answer.status_code, answer.json()["title"]) == (409, "Set application_id of amazon first.")
    assert "Set these first: Application ID." in desk.browser.get("/console/connections/amazon").text
    desk.retailer.write(lambda tx: actions.switch(tx, key="shopify", mode=Mode.OFF))
    desk.retailer.app.registry.look_again()
    assert "is off" in api.post("/api/v1/connections/shopify/sign-in").json()["title"]
    assert api.get("/api/v1/connections/shop/sign-in").status_code == 409


@pytest.mark.parametrize(("key", "name"), [("amazon", "refresh_token"), ("shopify", "access_token")])
def test_a_pasted_token_goes_on_until_somebody_signs_in(desk: Desk, key: str, name: str) -> None:
    desk.change(key, **{name: desk.running.ready[key][name]})
    assert desk.standing(key)["standing"] == "settings"
    assert desk.works(key)
    assert desk.standing(key)["standing"] == "settings"
    desk.browser.get(desk.consent(desk.press(key)))
    assert desk.standing(key)["standing"] == "connected"
    assert desk.works(key)


def test_a_link_of_the_api_is_opened_by_any_person_with_the_permission(desk: Desk) -> None:
    api = client(desk.retailer, Role.ADMINISTRATOR)
    link = api.post("/api/v1/connections/amazon/sign-in").json()
    assert link["redirect_uri"].endswith(CALLBACK)
    assert desk.browser.get(desk.consent(link["address"])).status_code == 303
    assert desk.standing("amazon")["connected_by"].startswith("user:")
    reader = client(desk.retailer, Role.OPERATIONS)
    assert reader.post("/api/v1/connections/amazon/sign-in").status_code == 403
    assert reader.get("/api/v1/connections/amazon/sign-in").json()["standing"] == "connected"
