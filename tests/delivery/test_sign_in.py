"""Signing in: nobody locks others out, and cookies travel as they should."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import PASSWORD, Retailer, Shop, environment
from tests.delivery.test_console import HTMX, token_in
from typer.testing import CliRunner

from doorstep import processes
from doorstep.delivery.cli import create
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewUser
from doorstep.domain.identity.model import Role
from doorstep.kernel.db import WriteTx

EMAIL = "dev@notnaked.example"


def browser(web: Starlette, address: str = "198.51.100.1") -> TestClient:
    return TestClient(web, client=(address, 1), follow_redirects=False)


def attempt(client: TestClient, password: str = PASSWORD) -> int:
    form = {"csrf": token_in(client.get("/console/login").text), "email": EMAIL, "password": password}
    return client.post("/console/login", data=form).status_code


def test_strangers_cannot_lock_a_user_out_of_a_known_browser(shop: Shop) -> None:
    web = processes.web(shop.app)
    office = browser(web, "203.0.113.7")
    assert attempt(office) == 303
    stranger = browser(web, "203.0.113.7")  # behind the same address
    assert [attempt(stranger, "guess") for _ in range(11)] == [401] * 10 + [429]
    office.cookies.delete("doorstep_session")
    assert attempt(office) == 303
    assert attempt(browser(web)) == 303


def test_the_mark_of_a_browser_belongs_to_one_user_and_is_signed(shop: Shop) -> None:
    web = processes.web(shop.app)
    office = browser(web)
    attempt(office)
    for cookie in ("device_x.0000", office.cookies["doorstep_device"].replace("device_", "device_x")):
        forger = browser(web, "203.0.113.7")
        forger.cookies.set("doorstep_device", cookie, path="/console")
        for _ in range(10):
            attempt(forger, "guess")
        assert attempt(forger) == 429
        shop.app.db.transact(lambda tx: tx.execute("DELETE FROM login_failures"), actor="test")


def test_wrong_sign_ins_of_an_address_are_slowed_down_whoever_they_name(shop: Shop) -> None:
    settings = shop.app.settings.model_copy(update={"strangers_per_second": 1})
    stranger = browser(processes.web(replace(shop.app, settings=settings)))
    form = {"csrf": token_in(stranger.get("/console/login").text), "password": "guess"}
    answers = [
        stranger.post("/console/login", data=form | {"email": f"{number}@x.example"}).status_code
        for number in range(14)
    ]
    assert answers[:10] == [401] * 10
    assert answers[-1] == 429


@pytest.mark.parametrize(
    ("public_url", "address", "secure"),
    [
        ("http://127.0.0.1:8700", "http://testserver", False),
        ("https://oms.example", "http://testserver", True),
        ("http://127.0.0.1:8700", "https://testserver", True),
    ],
)
def test_cookies_are_secure_where_the_console_is(
    shop: Shop, public_url: str, address: str, *, secure: bool
) -> None:
    settings = shop.app.settings.model_copy(update={"public_url": public_url})
    client = TestClient(
        processes.web(replace(shop.app, settings=settings)), base_url=address, follow_redirects=False
    )
    page = client.get("/console/login")
    (kept,) = page.headers.get_list("set-cookie")
    form = {"csrf": token_in(page.text), "email": EMAIL, "password": PASSWORD}
    answer = client.post("/console/login", data=form, headers={"cookie": kept.partition(";")[0]})
    assert answer.status_code == 303
    set_now = [each for each in answer.headers.get_list("set-cookie") if "Max-Age=0" not in each]
    assert len(set_now) == 2
    assert all(("Secure" in each) is secure for each in [kept, *set_now])


def test_a_cookie_of_a_stranger_is_not_sent_back(shop: Shop) -> None:
    client = browser(processes.web(shop.app))
    answer = client.get("/console/login", headers={"cookie": f"doorstep_login={'x' * 50_000}"})
    assert max(map(len, answer.headers.get_list("set-cookie"))) < 500


def test_a_long_sentence_makes_a_short_cookie(shop: Shop) -> None:
    client = browser(processes.web(shop.app))
    attempt(client)
    csrf = token_in(client.get("/console/connections").text)
    form = {"csrf": csrf, "title": "x" * 100_000, "location": "1", "kind": "cycle"}
    for path in ("/console/counts/open", "/console/transfers/draft"):
        for headers in ({}, HTMX):
            answer = client.post(path, data=form, headers=headers)
            assert max(map(len, [*answer.headers.get_list("set-cookie"), ""])) < 4_000


def test_the_command_line_gives_a_new_password(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(tx: WriteTx) -> None:
        user = NewUser(EMAIL, "Dev", Role.ADMINISTRATOR)
        identity.create_user(tx, user=user, password=PASSWORD, now=retailer.app.clock.now())

    retailer.write(make)
    web = processes.web(retailer.app)
    for _ in range(10):
        attempt(browser(web), "guess")
    assert attempt(browser(web)) == 429
    for name, value in environment(retailer.app).items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(create(), ["users", "reset-password", EMAIL.upper()])
    password = done.stdout.split()[-1]
    assert attempt(browser(web)) == 401
    assert attempt(browser(web), password) == 303
    missing = CliRunner().invoke(create(), ["users", "reset-password", "nobody@x.example"])
    assert "There is no user" in str(missing.exception)
