"""The go-live report in API, console and on the command line; going live from each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.builders import Retailer
from tests.delivery.test_api import client
from tests.delivery.test_console import click
from tests.delivery.test_console_connections import signed_in
from tests.delivery.test_shadow import switch_to
from typer.testing import CliRunner, Result

from doorstep.delivery.cli import create
from doorstep.domain.connections import views
from doorstep.domain.connections.actions import checks
from doorstep.domain.connections.model import CheckFinding, Mode
from doorstep.domain.identity.model import Role
from doorstep.kernel.message import Message

API = "/api/v1/connections/mail"
PAGE = "/connections/mail/go-live"


def found_by_test(retailer: Retailer, *, is_ok: bool) -> None:
    """The last test of the mail relay found this."""
    connection_id, now = retailer.connection_ids["mail"], retailer.app.clock.now()
    found = CheckFinding(Message("Sign-in"), is_ok, Message("The password is refused."))
    retailer.write(lambda tx: checks.record(tx, connection_id=connection_id, findings=[found], at=now))


def mode(retailer: Retailer) -> str:
    return {row.key: row.mode for row in retailer.read(views.all_connections)}["mail"]


@pytest.fixture
def mail(retailer: Retailer) -> Retailer:
    """The mail relay kept one message in shadow mode, and its last test failed."""
    switch_to(retailer, "mail", Mode.SHADOW)
    retailer.place_order()
    found_by_test(retailer, is_ok=False)
    return retailer


def test_the_api_reports_and_goes_live_once_it_is_confirmed(mail: Retailer) -> None:
    api = client(mail, Role.ADMINISTRATOR)
    report = api.get(f"{API}/go-live-report").json()
    assert report["state"] == "blocked"
    (test,) = (each for each in report["lines"] if each["topic"] == "test")
    assert (test["state"], test["message"], test["path"], test["is_certain"]) == (
        "blocked",
        "The test failed: The password is refused.",
        "/connections/mail",
        False,
    )
    assert report["kept"] == [{"operation": "send_message", "calls": 1, "results": {"open": 1}}]
    refused = api.post(f"{API}/go-live", json={"catch_up": "none"})
    assert (refused.status_code, "The password is refused." in refused.text, mode(mail)) == (
        409,
        True,
        "shadow",
    )
    assert client(mail, Role.OPERATIONS).post(f"{API}/go-live", json={}).status_code == 403
    done = api.post(f"{API}/go-live", json={"catch_up": "none", "is_confirmed": True})
    assert (done.json(), mode(mail)) == ({"sent": 0, "discarded": 1, "left": 0}, "live")
    assert api.get("/api/v1/connections/nobody/go-live-report").status_code == 404


@pytest.fixture
def run(mail: Retailer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `doorstep connections …` on the retailer's database."""
    chosen = mail.app.settings
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "test")
    monkeypatch.setenv(
        "DOORSTEP_DATABASE_URL", chosen.database_url.get_secret_value() if chosen.database_url else ""
    )
    monkeypatch.setenv("DOORSTEP_DATA_DIR", str(chosen.data_dir))
    return lambda *words: CliRunner().invoke(create(), ["connections", *words])


def test_the_command_line_ends_with_the_state(mail: Retailer, run: Callable[..., Result]) -> None:
    found = run("report", "mail")
    assert (found.exit_code, "blocks  test: The test failed: The password is refused." in found.stdout) == (
        1,
        True,
    )
    assert "kept    send_message: 1 (1 open)" in found.stdout
    refused = run("go-live", "mail")
    assert (refused.exit_code, "Add --confirm." in refused.stdout, mode(mail)) == (1, True, "shadow")
    found_by_test(mail, is_ok=True)
    assert run("report", "mail").exit_code == 0
    assert run("report", "mail", "--strict").exit_code == 3
    assert (
        run("go-live", "mail", "--catch-up", "all").stdout
        == "mail is live: 1 calls sent, 0 discarded, 0 kept.\n"
    )


def test_the_console_shows_the_report_and_goes_live(mail: Retailer) -> None:
    with signed_in(mail, Role.ADMINISTRATOR) as browser:
        assert f'href="/console{PAGE}"' in browser.get("/console/connections/mail").text
        shown = browser.get(f"/console{PAGE}").text
        for words in ("The test failed: The password is refused.", "Put right", "Send message", "anyway"):
            assert words in shown
        status, page = click(browser, f"{PAGE}/start", on=PAGE, catch_up="later")
        assert (status, "The password is refused. Put it right, or confirm it." in page) == (409, True)
        assert mode(mail) == "shadow"
        status, page = click(browser, f"{PAGE}/start", on=PAGE, catch_up="all", confirmed="yes")
        assert (status, "It is live. 1 call is sent now." in page, mode(mail)) == (200, True, "live")
        assert (
            "<dialog" not in browser.get(f"/console{PAGE}").text
            or "Go live?" not in browser.get(f"/console{PAGE}").text
        )


def test_a_mode_that_is_chosen_elsewhere_follows_the_report(mail: Retailer) -> None:
    page = "/connections/mail"
    with signed_in(mail, Role.ADMINISTRATOR) as browser:
        status, shown = click(browser, f"{page}/switch", on=page, mode="live")
        assert (status, "The password is refused." in shown, mode(mail)) == (409, True, "shadow")
    with signed_in(mail, Role.OPERATIONS) as reader:
        assert "Go live?" not in reader.get(f"/console{PAGE}").text
