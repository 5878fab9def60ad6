"""The console: sign-in, permissions of each role, effects of actions, and security."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import DELHI, PASSWORD, Shop

from doorstep.delivery import console
from doorstep.domain.analytics.views import order as order_view
from doorstep.domain.fulfillment.model import State
from doorstep.domain.identity.model import Role
from doorstep.domain.shipping import actions as shipping
from doorstep.kernel.ids import OrderId

JACKET, SHIRT = "DJ-BL-01", "GT-WH-02"
NAMES = {
    Role.ADMINISTRATOR: "asha",
    Role.OPERATIONS: "dev",
    Role.LOCATION_STAFF: "ravi",
    Role.READ_ONLY: "lena",
}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console.routes(shop.app)), follow_redirects=False) as client:
        yield client


def token_in(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found is not None
    return found[1]


def sign_in(
    browser: TestClient, role: Role = Role.OPERATIONS, *, password: str = PASSWORD, to: str = ""
) -> int:
    form = {"csrf": token_in(browser.get("/console/login").text), "next": to}
    form |= {"email": f"{NAMES[role]}@notnaked.example", "password": password}
    answer = browser.post("/console/login", data=form)
    return answer.status_code


def click(browser: TestClient, path: str, *, on: str, **form: object) -> tuple[int, str]:
    """Post a form of a page the way htmx does; gives the status and the fresh page."""
    csrf = token_in(browser.get(f"/console{on}").text)
    answer = browser.post(f"/console{path}", data={"csrf": csrf, **form}, headers=HTMX)
    return answer.status_code, answer.text


def detail(shop: Shop, order_id: OrderId) -> order_view.OrderDetail:
    with shop.app.db.read() as tx:
        return order_view.detail(tx, order_id=order_id, now=shop.now)


def test_an_anonymous_visitor_signs_in_and_returns_to_the_page(browser: TestClient) -> None:
    answer = browser.get("/console/orders?view=late")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/login?next=/console/orders%3Fview%3Dlate",
    )
    part = browser.get("/console/orders", headers=HTMX)
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/console/login?next=/console/orders")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/console\\@evil.example", "/other"]
)
def test_signing_in_never_leads_to_another_site(browser: TestClient, elsewhere: str) -> None:
    form = {"csrf": token_in(browser.get("/console/login").text), "email": "dev@notnaked.example"}
    answer = browser.post("/console/login", data={**form, "password": PASSWORD, "next": elsewhere})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")


def test_a_wrong_password_keeps_the_address_and_ten_lock_the_login(browser: TestClient) -> None:
    form = {"csrf": token_in(browser.get("/console/login").text), "email": "dev@notnaked.example"}
    answers = [browser.post("/console/login", data={**form, "password": "guess"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 'value="dev@notnaked.example"' in answers[0].text
    assert "Try again in 15 minutes" in answers[-1].text


def test_a_login_form_of_another_site_is_refused(browser: TestClient) -> None:
    answer = browser.post("/console/login", data={"email": "dev@notnaked.example", "password": PASSWORD})
    assert answer.status_code == 403
    assert "doorstep_session" not in answer.cookies


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: TestClient) -> None:
    form = {"csrf": token_in(browser.get("/console/login").text), "email": "dev@notnaked.example"}
    cookies = browser.post("/console/login", data={**form, "password": PASSWORD}).headers.get_list(
        "set-cookie"
    )
    (session,) = [cookie for cookie in cookies if cookie.startswith("doorstep_session=")]
    assert "HttpOnly" in session
    assert "SameSite=lax" in session


def test_signing_out_ends_the_session_for_good(browser: TestClient) -> None:
    sign_in(browser)
    token = browser.cookies["doorstep_session"]
    click(browser, "/logout", on="/orders")
    browser.cookies.set("doorstep_session", token)
    assert browser.get("/console/orders").status_code == 303


PAGES = (
    "/", "/orders", "/orders?view=attention", "/orders?q=meera&payment=paid", "/fulfillment", "/inventory", "/returns",
    "/returns?view=done", "/availability-rules", "/supplies", "/availability/DJ-BL-01", "/connections", "/dead-letters", "/settings", "/components", "/pulse",
)  # fmt: skip
FORBIDDEN = {
    Role.ADMINISTRATOR: set(),
    Role.OPERATIONS: {"/settings"},
    Role.LOCATION_STAFF: {"/connections", "/dead-letters", "/settings"},
    Role.READ_ONLY: {"/dead-letters", "/settings"},
}


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_its_pages_and_no_others(browser: TestClient, role: Role) -> None:
    sign_in(browser, role)
    found = {path: browser.get(f"/console{path}", follow_redirects=True).status_code for path in PAGES}
    assert found == {path: 403 if path in FORBIDDEN[role] else 200 for path in PAGES}


def test_a_verb_without_the_forms_token_changes_nothing(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser)
    answer = browser.post(f"/console/orders/{order_id}/hold", data={"reason": "forged"}, headers=HTMX)
    assert answer.status_code == 403
    assert not detail(shop, order_id).is_held


def test_who_may_only_read_cannot_post_even_with_a_token(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser, Role.READ_ONLY)
    status, page = click(browser, f"/orders/{order_id}/hold", on=f"/orders/{order_id}", reason="no")
    assert (status, "does not permit orders:write" in page) == (403, True)
    assert not detail(shop, order_id).is_held


def test_staff_see_only_their_location(browser: TestClient, shop: Shop) -> None:
    mine, elsewhere = shop.order((SHIRT, 2)), shop.order((JACKET, 1))
    (work,) = shop.work(elsewhere)
    sign_in(browser, Role.LOCATION_STAFF)
    location = shop.location_ids["ST-22"]
    assert browser.get("/console/").headers["location"] == f"/console/fulfillment/{location}"
    assert browser.get(f"/console/fulfillment/{location}").status_code == 200
    assert browser.get(f"/console/orders/{mine}").status_code == 200
    paths = [
        f"/orders/{elsewhere}",
        f"/station/{work.id}",
        f"/fulfillment/{work.location_id}",
        f"/inventory/{JACKET}/{work.location_id}",
    ]
    assert [browser.get(f"/console{path}").status_code for path in paths] == [404, 403, 403, 403]
    assert f"/orders/{elsewhere}" not in browser.get("/console/orders").text


def test_every_response_has_security_headers(browser: TestClient) -> None:
    for path in ("/console/login", "/console/orders", "/console/nowhere"):
        headers = browser.get(path).headers
        assert "script-src 'self'; style-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OPERATIONS])
def test_no_page_carries_a_script_or_a_style_of_its_own(browser: TestClient, shop: Shop, role: Role) -> None:
    order_id = shop.order((JACKET, 1), (SHIRT, 2))
    sign_in(browser, role)
    for path in (*PAGES[:-1], f"/orders/{order_id}", f"/station/{shop.work(order_id)[0].id}"):
        text = browser.get(f"/console{path}", follow_redirects=True).text
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text) == []


def test_what_customers_write_is_text_never_markup(browser: TestClient, shop: Shop) -> None:
    evil = '"><script>alert(1)</script>'
    order_id = shop.order((JACKET, 1), to=replace(DELHI, name=evil, line1=evil, city=evil))
    sign_in(browser)
    click(browser, f"/orders/{order_id}/notes", on=f"/orders/{order_id}", text=evil)
    for path in (
        "/orders",
        f"/orders/{order_id}",
        f"/station/{shop.work(order_id)[0].id}",
        f"/orders?q={evil}",
    ):
        assert "<script>alert" not in browser.get(f"/console{path}").text


@pytest.mark.parametrize("currency", ["XXX", "", "doubloons"])
def test_an_order_in_an_unknown_currency_is_shown_as_it_came(
    browser: TestClient, shop: Shop, currency: str
) -> None:
    order_id = shop.order((JACKET, 1), currency=currency)
    sign_in(browser)
    for path in ("/", "/orders", f"/orders/{order_id}"):
        assert browser.get(f"/console{path}").status_code == 200
    assert f"14.99 {currency or '(no currency)'}" in browser.get(f"/console/orders/{order_id}").text


def test_an_order_is_held_and_released_with_the_fresh_page_as_answer(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser)
    status, page = click(browser, f"/orders/{order_id}/hold", on=f"/orders/{order_id}", reason="Call first")
    assert status == 200
    assert "Call first" in page
    assert "<html" not in page
    assert detail(shop, order_id).names[detail(shop, order_id).holds[0].placed_by] == "Dev"
    click(browser, f"/orders/{order_id}/release", on=f"/orders/{order_id}")
    assert not detail(shop, order_id).is_held


def test_without_scripts_a_post_returns_to_the_page_with_its_result(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser)
    csrf = token_in(browser.get(f"/console/orders/{order_id}").text)
    answer = browser.post(f"/console/orders/{order_id}/notes", data={"csrf": csrf, "text": "Hello"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/orders/{order_id}")
    assert "Note added." in browser.get(f"/console/orders/{order_id}").text
    assert "Note added." not in browser.get(f"/console/orders/{order_id}").text


def test_a_refused_note_keeps_what_was_typed(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser)
    status, page = click(browser, f"/orders/{order_id}/notes", on=f"/orders/{order_id}", text="x" * 5001)
    assert (status, f">{'x' * 5001}</textarea>" in page) == (422, True)
    assert "Shorten this to 5000 characters." in page


def test_a_refused_dialog_stays_open_with_its_error_at_the_field(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser)
    status, page = click(browser, f"/orders/{order_id}/hold", on=f"/orders/{order_id}", reason=" ")
    opened = page[page.index('<dialog id="do-hold"') :].partition("</dialog>")[0]
    assert (status, "open data-failed" in opened, 'aria-describedby="reason-error"' in opened) == (
        422,
        True,
        True,
    )
    assert 'id="reason-error"' in opened
    assert "Enter a reason. Your colleagues see it on the order." in opened
    assert 'id="toasts"' not in page


def test_canceling_releases_the_stock(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((SHIRT, 2))
    sign_in(browser)
    status, page = click(
        browser, f"/orders/{order_id}/cancel", on=f"/orders/{order_id}", reason="Customer asked"
    )
    assert (status, "Canceled. The stock is available again." in page) == (200, True)
    assert [work.state for work in shop.work(order_id)] == [State.CANCELED]


def test_a_user_takes_work_from_picking_to_the_carrier(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((SHIRT, 2))
    (work,) = shop.work(order_id)
    at = f"/station/{work.id}"
    sign_in(browser, Role.LOCATION_STAFF)
    assert "Scan or type a SKU" in click(browser, f"{at}/accept", on=at, version=work.version)[1]
    wrong = click(browser, f"{at}/pick", on=at, code=JACKET)
    assert (wrong[0], "DJ-BL-01 is not on this pick list" in wrong[1]) == (422, True)
    assert "GT-WH-02: 1 of 2" in click(browser, f"{at}/pick", on=at, code=SHIRT)[1]
    assert "Pack everything in one parcel" in click(browser, f"{at}/pick", on=at, code=SHIRT)[1]
    assert "Label requested" in click(browser, f"{at}/pack", on=at)[1]
    assert shop.work(order_id)[0].state is State.PACKED


def test_a_label_is_printed_and_the_parcel_shipped_by_its_location_only(
    browser: TestClient, shop: Shop
) -> None:
    (work,), (other,) = shop.work(shop.order((SHIRT, 2))), shop.work(shop.order((JACKET, 1)))
    shipment_id, elsewhere = shop.pack(work, tracking="TRK1"), shop.pack(other, tracking="TRK2")
    sign_in(browser, Role.LOCATION_STAFF)
    label = browser.get(f"/console/labels/{shipment_id}.pdf")
    assert (label.headers["content-type"], label.content[:5]) == ("application/pdf", b"%PDF-")
    assert browser.get(f"/console/labels/{elsewhere}.pdf").status_code == 403
    status, page = click(browser, f"/station/{work.id}/ship", on=f"/station/{work.id}")
    assert (status, "Shipped. The stock is reduced" in page) == (200, True)


def test_a_stale_click_shows_what_is_true_now(browser: TestClient, shop: Shop) -> None:
    (work,) = shop.work(shop.order((SHIRT, 2)))
    sign_in(browser, Role.LOCATION_STAFF)
    shop.accept(work)
    status, page = click(
        browser, f"/station/{work.id}/accept", on=f"/station/{work.id}", version=work.version
    )
    assert (status, "This was changed by someone else meanwhile" in page, "Scan or type a SKU" in page) == (
        409,
        True,
        True,
    )


def test_rejecting_needs_a_reason_and_sends_the_lines_elsewhere(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((SHIRT, 2))
    (work,) = shop.work(order_id)
    sign_in(browser, Role.LOCATION_STAFF)
    assert click(browser, f"/station/{work.id}/reject", on=f"/station/{work.id}", reason="bored")[0] == 422
    assert (
        click(browser, f"/station/{work.id}/reject", on=f"/station/{work.id}", reason="damaged", note="torn")[
            0
        ]
        == 200
    )
    assert shop.work(order_id)[0].state is State.REJECTED


def test_a_refused_label_is_requested_again(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    shipment_id = shop.pack(shop.work(order_id)[0])
    with shop.app.db.write(actor="system") as tx:
        shipping.failed(tx, shipment_id=shipment_id, reason="pincode not serviceable", at=shop.now)
    sign_in(browser)
    page = browser.get(f"/console/orders/{order_id}").text
    assert page.count("Outbound label not bought: pincode not serviceable") == 1
    other = shop.order((JACKET, 1))
    assert (
        click(browser, f"/orders/{other}/shipments/{shipment_id}/retry-label", on=f"/orders/{order_id}")[0]
        == 404
    )
    status, _ = click(
        browser, f"/orders/{order_id}/shipments/{shipment_id}/retry-label", on=f"/orders/{order_id}"
    )
    (group,) = detail(shop, order_id).groups
    assert (status, [each.label_state.value for each in group.parcels]) == (200, ["requested"])


def test_a_count_is_corrected_with_its_reason(browser: TestClient, shop: Shop) -> None:
    sign_in(browser)
    at = f"/inventory/{SHIRT}/{shop.location_ids['ST-22']}"
    assert click(browser, f"{at}/adjust", on=at, count="many", reason="counted")[0] == 422
    assert click(browser, f"{at}/adjust", on=at, count="7", reason="because")[0] == 422
    status, page = click(browser, f"{at}/adjust", on=at, count="7", reason="counted", note="aisle 3")
    assert (status, "GT-WH-02: 7 on hand, 7 available." in page, "Counted: aisle 3" in page) == (
        200,
        True,
        True,
    )


def test_a_return_is_received_and_inspected(browser: TestClient, shop: Shop) -> None:
    order_id = shop.delivered((SHIRT, 2))
    at = f"/returns/{shop.report_return(order_id)}"
    sign_in(browser, Role.LOCATION_STAFF)
    assert "Units found" in click(browser, f"{at}/receive", on=at)[1]
    found = {"quantity-1": "1", "grade-1": "new", "disposition-1": "restock", "refund-1": "yes"}
    assert click(browser, f"{at}/preview", on=at, **found) == (200, "₹1,499.00")
    assert click(browser, f"{at}/preview", on=at, **{**found, "refund-1": ""}) == (200, "₹0.00")
    assert (
        "between 0 and 1 units" in click(browser, f"{at}/preview", on=at, **{**found, "quantity-1": "2"})[1]
    )
    assert click(browser, f"{at}/inspect", on=at, **{**found, "grade-1": "odd"})[0] == 422
    status, page = click(browser, f"{at}/inspect", on=at, **found)
    assert (status, "Inspection completed. Stock is posted" in page) == (200, True)
    assert detail(shop, order_id).counters.returned == 1


@pytest.fixture
def dead(shop: Shop) -> int:
    """A message that could not be read."""
    with shop.app.db.write(actor="system") as tx:
        return tx.value(
            int,
            "INSERT INTO inbox (connection_id, external_event_id, topic, headers, body, trace_id, state, attempts, error,"
            " error_class) VALUES (%s, 'e1', 'orders/create', %s, %s, 't', 3, 1, %s, 'data') RETURNING id",
            (
                shop.connection_ids["shopify"],
                '{"x-shopify-hmac-sha256": "secret-signature", "x-access-token": "hush"}',
                b'{"id":7,"line_items":[{"sku":4711},{"sku":4712}]}',
                "Expected `str`, got `int` - at `$.line_items[1].sku`",
            ),
        )


def test_a_dead_letter_shows_its_failing_place_and_no_secret(browser: TestClient, dead: int) -> None:
    sign_in(browser)
    page = browser.get(f"/console/dead-letters/inbox/{dead}").text
    assert "Correct the mapping, the catalog or the sender" in page
    assert re.findall(r"<mark>(.*?)</mark>", page) == ["4712"]
    assert "hush" not in page


@pytest.mark.parametrize(
    ("verb", "said"), [("retry", "1 dead letter is retried."), ("discard", "1 dead letter is discarded.")]
)
def test_a_dead_letter_is_retried_or_discarded(browser: TestClient, dead: int, verb: str, said: str) -> None:
    sign_in(browser)
    assert click(browser, f"/dead-letters/{verb}", on="/dead-letters")[0] in {409, 422}
    ticked = {f"inbox-{dead}": "yes"}
    status, page = click(browser, f"/dead-letters/{verb}", on="/dead-letters", **ticked)
    assert (status, said in page) == (200, True)
    assert click(browser, f"/dead-letters/{verb}", on="/orders", **ticked)[0] in {403, 409}


def test_an_administrator_lets_people_in_and_keeps_them_out(browser: TestClient, shop: Shop) -> None:
    sign_in(browser, Role.ADMINISTRATOR)
    person = {
        "name": "Noor",
        "email": "noor@notnaked.example",
        "role": "read_only",
        "password": "long enough password",
    }
    assert click(browser, "/settings/users", on="/settings", **{**person, "password": "short"})[0] == 422
    assert "Noor can sign in now." in click(browser, "/settings/users", on="/settings", **person)[1]
    dev = shop.users[Role.OPERATIONS]
    assert (
        "deactivated and signed out"
        in click(browser, f"/settings/users/{dev}/active", on="/settings", active="no")[1]
    )
    myself = shop.users[Role.ADMINISTRATOR]
    assert click(browser, f"/settings/users/{myself}/active", on="/settings", active="no")[0] == 409
    assert sign_in(TestClient(browser.app), Role.OPERATIONS) == 401


def test_an_api_key_is_shown_once_and_revoked(browser: TestClient) -> None:
    sign_in(browser, Role.ADMINISTRATOR)
    _, page = click(browser, "/settings/keys", on="/settings", name="Till", role="read_only")
    assert len(re.findall(r"<code class=\"break\">ds_api_[\w-]{43}</code>", page)) == 1
    assert "Till" in browser.get("/console/settings").text
    assert re.search(r"ds_api_[\w-]{43}", browser.get("/console/settings").text) is None
    assert "The key is revoked." in click(browser, "/settings/keys/1/revoke", on="/settings")[1]


def test_search_opens_the_only_match(browser: TestClient, shop: Shop) -> None:
    order_id = shop.order((JACKET, 1))
    sign_in(browser)
    assert browser.get("/console/search?q=meera").headers["location"] == f"/console/orders/{order_id}"
    assert browser.get("/console/search?q=nobody").headers["location"] == "/console/orders?q=nobody"


def test_a_missing_record_has_a_message(browser: TestClient) -> None:
    sign_in(browser)
    for path in (
        "/orders/99",
        "/station/99",
        "/returns/99",
        "/orders?view=odd",
        "/dead-letters/inbox/9",
        "/nowhere",
    ):
        assert browser.get(f"/console{path}").status_code == 404
    assert browser.get("/console/orders?cursor=odd").status_code == 422


def test_a_verbs_address_opened_by_hand_shows_its_page(browser: TestClient) -> None:
    assert browser.get("/console/orders/7/hold").headers["location"] == "/console/orders/7"
    assert browser.get("/console").headers["location"] == "/console/"
