"""Checks of connections: on save, daily, on demand; a failed one says why; missing webhooks are set up."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from tests import clock
from tests.builders import NOON, Retailer
from tests.delivery.test_api import client

from doorstep.domain.connections import actions
from doorstep.domain.connections.model import CheckFinding, Mode
from doorstep.domain.connections.views import checks
from doorstep.domain.identity.model import Role
from doorstep.flows import connection_checks
from doorstep.kernel.http.fake_partner import Fault


def check(retailer: Retailer, public_url: str = "https://shop.example.com") -> list[CheckFinding]:
    context = dataclasses.replace(retailer.app.context, public_url=public_url)
    return connection_checks.check(context, connection=retailer.app.registry.by_key("shop"))


def sentences(findings: list[CheckFinding] | tuple[CheckFinding, ...]) -> list[tuple[str, bool, str]]:
    return [(str(each.name), each.is_ok, str(each.message)) for each in findings]


def test_missing_webhooks_are_set_up_once(retailer: Retailer) -> None:
    sign_in = ("Sign-in", True, "The vendor accepts our credentials.")
    added = "These were missing and are set up now: order, payment, return."
    assert sentences(check(retailer)) == [sign_in, ("Webhooks", True, added)]
    assert retailer.client("shop").subscriptions["order"] == "https://shop.example.com/hooks/shop"
    assert sentences(check(retailer)) == [sign_in, ("Webhooks", True, "All of them are set up.")]


def test_no_webhooks_for_an_address_that_vendors_cannot_call(retailer: Retailer) -> None:
    assert [str(each.name) for each in check(retailer, "http://127.0.0.1:8700")] == ["Sign-in"]
    assert retailer.client("shop").subscriptions == {}


def test_a_shadowed_connection_changes_nothing_at_the_vendor(retailer: Retailer) -> None:
    retailer.write(lambda tx: actions.switch(tx, key="shop", mode=Mode.SHADOW))
    retailer.app.registry._looked_at = float("-inf")
    assert [str(each.name) for each in check(retailer)] == ["Sign-in"]


def test_a_failed_check_says_why_and_is_stored(retailer: Retailer) -> None:
    retailer.client("shop").partner.fail(Fault.ERROR, reads=True)
    assert sentences(check(retailer)) == [("Sign-in", False, "shop rejected the request.")]
    stored = retailer.read(checks.latest)[retailer.connection_ids["shop"]]
    assert sentences(stored.findings) == [("Sign-in", False, "shop rejected the request.")]


def test_all_are_checked_once_a_day_and_after_a_change(retailer: Retailer) -> None:
    with clock.at(NOON + timedelta(minutes=1)):
        assert connection_checks.check_due(retailer.app.context) == len(retailer.connection_ids)
        assert connection_checks.check_due(retailer.app.context) == 0
    with clock.at(NOON + timedelta(hours=25)):
        assert connection_checks.check_due(retailer.app.context) == len(retailer.connection_ids)


def test_the_api_tests_a_connection_and_lists_the_last_check(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    tested = api.post("/api/v1/connections/shop/test").json()
    assert [(each["name"], each["is_ok"]) for each in tested["findings"]] == [("Sign-in", True)]
    listed = {each["key"]: each["check"] for each in api.get("/api/v1/connections").json()}
    assert listed["shop"]["findings"] == tested["findings"]
    assert listed["pay"] is None
    assert client(retailer, Role.READ_ONLY).post("/api/v1/connections/shop/test").status_code == 403


@pytest.mark.parametrize("public_url", ["http://127.0.0.1:8700"])
def test_a_connection_without_a_check_has_no_findings(retailer: Retailer, public_url: str) -> None:
    context = dataclasses.replace(retailer.app.context, public_url=public_url)
    assert connection_checks.check(context, connection=retailer.app.registry.by_key("mail")) == []
