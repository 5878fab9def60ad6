"""Feeds of connections at the API and on the command line: seen, paused, read now, filled in."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from tests import builders
from tests.builders import NOON, Retailer
from tests.delivery.test_api import client

from doorstep import processes
from doorstep.domain.identity.model import Role


def ago(days: int) -> str:
    return (NOON - timedelta(days=days)).isoformat()


def test_feeds_and_back_fills_are_listed_and_controlled(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    (feed,) = api.get("/api/v1/connections/shop/feeds").json()
    assert (feed["feed"], feed["label"], feed["state"], feed["progress"]) == (
        "orders",
        "Orders",
        "running",
        1.0,
    )
    paused = api.post(f"/api/v1/connections/shop/feeds/{feed['id']}/pause").json()
    assert paused["state"] == "paused"
    assert api.post(f"/api/v1/connections/shop/feeds/{feed['id']}/pause").status_code == 409
    assert api.post(f"/api/v1/connections/shop/feeds/{feed['id']}/resume").json()["state"] == "running"
    assert api.post(f"/api/v1/connections/shop/feeds/{feed['id']}/run").status_code == 200
    assert api.post(f"/api/v1/connections/shop/feeds/{feed['id']}/cancel").status_code == 409


def test_a_back_fill_is_started_once_and_can_be_canceled(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    wanted = {"feed": "orders", "since": ago(9), "until": ago(2)}
    began = api.post("/api/v1/connections/shop/back-fills", json=wanted)
    assert (began.status_code, began.json()["progress"], began.json()["state"]) == (201, 0.0, "running")
    assert api.post("/api/v1/connections/shop/back-fills", json=wanted).status_code == 409
    ended = api.post(f"/api/v1/connections/shop/feeds/{began.json()['id']}/cancel").json()
    assert ended["state"] == "canceled"
    assert ended["finished_at"] is not None


def test_unknown_feeds_and_those_of_others_are_refused(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    (feed,) = api.get("/api/v1/connections/shop/feeds").json()
    assert api.get("/api/v1/connections/pay/feeds").json() == []
    other = api.post(f"/api/v1/connections/pay/feeds/{feed['id']}/pause")
    assert (other.status_code, other.json()["title"]) == (404, f"pay has no feed or back-fill {feed['id']}.")
    wanted = {"feed": "prices", "since": ago(9), "until": ago(2)}
    assert (
        api.post("/api/v1/connections/shop/back-fills", json=wanted).json()["title"]
        == "shop has no feed 'prices'."
    )


def test_reading_needs_no_right_to_change(retailer: Retailer) -> None:
    api = client(retailer, Role.READ_ONLY)
    (feed,) = api.get("/api/v1/connections/shop/feeds").json()
    assert api.post(f"/api/v1/connections/shop/feeds/{feed['id']}/pause").status_code == 403


@pytest.fixture
def run(retailer: Retailer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    for name, value in builders.environment(retailer.app).items():
        monkeypatch.setenv(name, value)

    def run_(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["doorstep", *map(str, words)])
        with pytest.raises(SystemExit):
            processes.main()
        captured = capsys.readouterr()
        return " ".join((captured.out + captured.err).split())

    return run_


def test_the_command_line_lists_pauses_and_fills_in(run, retailer: Retailer) -> None:
    assert "orders running" in run("connections", "feeds", "shop")
    assert run("connections", "feeds", "pay") == "pay reads nothing by the clock."
    assert run("connections", "feed", "shop", "pause", 1) == "shop: 1 is paused."
    began = run("connections", "back-fill", "shop", "orders", "--from", ago(9)[:10])
    assert began == "shop: back-fill 2 of orders has begun: doorstep connections feeds shop"
    listed = run("connections", "feeds", "shop")
    assert "orders paused" in listed
    assert "orders (back-fill 0%) running" in listed


def test_a_connection_is_created_changed_and_switched_by_the_api(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    secret = "a secret that is long enough"
    wanted = {
        "kind": "channels",
        "connector": "direct",
        "name": "Till",
        "settings": {"webhook_secret": secret},
    }
    assert api.put("/api/v1/connections/till", json=wanted).json() == {"key": "till", "mode": "shadow"}
    changed = api.put("/api/v1/connections/till", json={"name": "Till 7"}).json()
    assert changed == {"key": "till", "mode": "shadow"}
    kept = retailer.app.registry.by_key("till")
    assert (kept.name, kept.settings["webhook_secret"]) == ("Till 7", secret)
    assert api.post("/api/v1/connections/till/mode", json={"mode": "live"}).json()["mode"] == "live"
    weak = api.put("/api/v1/connections/till", json={"settings": {"webhook_secret": "short"}})
    assert (weak.status_code, "at least 16 characters" in weak.json()["title"]) == (422, True)
    assert client(retailer, Role.OPERATIONS).put("/api/v1/connections/till", json={}).status_code == 403
