"""Simulations through the API: simulate a draft, start and stop a trial, activate the draft."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_api import client
from tests.flows.routing_rules.test_simulation_jobs import drafted

from doorstep.domain.identity.model import Role
from doorstep.flows.routing_rules import simulation_jobs

BASE = "/api/v1/routing/lab"


@pytest.fixture
def api(retailer: Retailer) -> TestClient:
    return client(retailer)


def test_a_draft_is_simulated(retailer: Retailer, api: TestClient) -> None:
    retailer.place_order(order_snapshot(line(JACKET, 1), line(SHIRT, 1)))
    asked = api.post(f"{BASE}/simulations", json={"draft": drafted(retailer), "days": 1})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    here = f"{BASE}/simulations/{asked.json()['id']}"
    assert api.get(here).json()["state"] == "waiting"
    assert api.delete(here).status_code == 409
    simulation_jobs.run_next(retailer.app.context)
    reported = api.get(here).json()
    assert (reported["state"], reported["changed"], reported["totals"]["draft"]["short_units"]) == (
        "done",
        1,
        1,
    )
    assert {each["key"]: each["mark"] for each in reported["compared"]}["unfilled"] == "worse"
    assert reported["same_costs"]
    (changed,) = api.get(f"{here}/changes?only=short").json()
    assert changed["draft"]["short_units"] == 1
    assert api.get(f"{here}/changes?only=luck").status_code == 422
    assert [each["id"] for each in api.get(f"{BASE}/simulations").json()["items"]] == [reported["id"]]
    assert api.post(f"{here}/cancel", json={}).status_code == 409
    assert api.delete(here).json()["state"] == "deleted"
    assert api.get(here).status_code == 404


def test_what_waits_is_canceled(retailer: Retailer, api: TestClient) -> None:
    run_id = api.post(f"{BASE}/simulations", json={"draft": drafted(retailer)}).json()["id"]
    assert api.post(f"{BASE}/simulations/{run_id}/cancel", json={}).json()["state"] == "canceled"
    assert api.post(f"{BASE}/simulations", json={"draft": 99}).status_code == 404


def test_a_draft_is_tried(retailer: Retailer, api: TestClient) -> None:
    number = drafted(retailer)
    body = {"draft": number, "kind": "shadow", "why": "cheaper?", "guardrails": {"sample": 20}}
    begun = api.post(f"{BASE}/trials", json=body)
    assert (begun.status_code, begun.json()["running"]) == (201, True)
    assert api.post(f"{BASE}/trials", json=body).status_code == 409
    retailer.place_order(order_snapshot(line(JACKET, 1)))
    (reported,) = api.get(f"{BASE}/trials").json()
    assert (reported["now"]["orders"], reported["tried"]["orders"], reported["guardrails"]["sample"]) == (
        1,
        1,
        20,
    )
    assert api.post(f"{BASE}/trials/stop", json={"why": "enough"}).json()["running"] is False
    assert api.post(f"{BASE}/trials/promote", json={"why": "so"}).status_code == 409
    api.post(f"{BASE}/trials", json=body)
    promoted = api.post(f"{BASE}/trials/promote", json={"why": "better"})
    assert promoted.json() == {"number": number, "state": "active"}
    wrong = body | {"guardrails": {"cost_ratio": 0}}
    assert api.post(f"{BASE}/trials", json=wrong).status_code == 422


def test_a_read_only_user_has_no_actions(retailer: Retailer) -> None:
    reader = client(retailer, role=Role.READ_ONLY)
    assert reader.get(f"{BASE}/simulations").status_code == 200
    assert reader.post(f"{BASE}/simulations", json={"draft": 1}).status_code == 403
