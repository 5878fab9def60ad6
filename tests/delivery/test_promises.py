"""Delivery options for a cart, and the network document, through the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.builders import DELHI, JACKET, NOON, SHIRT, Retailer

from doorstep import processes
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewKey
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.flows.availability import cart_reservations
from doorstep.flows.availability.cart_reservations import Cart

FRIDAY = datetime.fromisoformat("2026-11-20T12:00:00+05:30")


class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        return FRIDAY


@pytest.fixture
def shop(retailer: Retailer) -> Retailer:
    """NotNaked on a Friday at noon."""
    object.__setattr__(retailer.app.context, "clock", Stopped())
    object.__setattr__(retailer.app, "clock", Stopped())
    return retailer


def client(retailer: Retailer, role: Role = Role.OPERATIONS, location: str | None = None) -> TestClient:
    key = NewKey("promises", role, retailer.location_ids[location] if location else None)
    token = retailer.write(lambda tx: identity.create_api_key(tx, key=key, now=NOON))
    headers = {"Authorization": f"Bearer {token}"}
    return TestClient(processes.web(retailer.app), headers=headers, raise_server_exceptions=False)


def ask(retailer: Retailer, *lines: tuple[str, int], **given: Any) -> dict[str, Any]:
    address = {"country": "IN", "state_code": "DL", "postal_code": DELHI.postal_code}
    body = {"lines": [{"sku": sku, "quantity": each} for sku, each in lines], "address": address} | given
    answer = client(retailer).post("/api/v1/promise", json=body)
    assert answer.status_code == 200, answer.text
    reported: dict[str, Any] = answer.json()
    return reported


def test_every_service_has_its_day_and_its_price(shop: Retailer) -> None:
    express, standard = ask(shop, (SHIRT, 2))["options"]
    assert [each["service"] for each in (express, standard)] == ["express", "standard"]
    assert (express["deliver_by"], standard["deliver_by"]) == ("2026-11-21", "2026-11-23")
    assert standard["ship_by"] == "2026-11-20T15:30:00Z"
    assert (standard["complete"], standard["confidence"]) == (True, 0.9)
    assert standard["carriage"] == {"amount": "48.78", "amount_minor": 4_878, "currency": "INR"}
    assert float(express["cost"]["amount"]) > float(standard["cost"]["amount"]) > 48
    (parcel,) = standard["parcels"]
    assert (parcel["location"], parcel["carrier"]) == ("ST-22", "store-parcels")
    assert parcel["lines"][0] | {"because": ""} == {"line": 1, "sku": SHIRT, "quantity": 2, "because": ""}


def test_who_wants_to_be_surer_waits_longer(shop: Retailer) -> None:
    days = [
        ask(shop, (SHIRT, 1), services=["standard"], confidence=sure)["options"][0]["deliver_by"]
        for sure in (0.5, 0.9, 0.97)
    ]
    assert days == ["2026-11-21", "2026-11-23", "2026-11-25"]


def test_a_cart_from_two_places_arrives_with_its_later_parcel(shop: Retailer) -> None:
    (option,) = ask(shop, (JACKET, 1), (SHIRT, 2), services=["standard"])["options"]
    assert [each["location"] for each in option["parcels"]] == ["WH-A", "ST-22"]
    assert option["deliver_by"] > "2026-11-25"
    assert 0.9 <= option["confidence"] < 1


def test_unavailable_skus_are_named(shop: Retailer) -> None:
    (option,) = ask(shop, (JACKET, 1), (SHIRT, 500), services=["express"])["options"]
    assert option["complete"] is False
    (line,) = option["unfillable"]
    assert (line["line"], line["sku"], line["quantity"]) == (2, SHIRT, 500)
    assert line["because"]


def test_nothing_is_reserved_and_a_cart_counts_on_what_it_holds(shop: Retailer) -> None:
    before = shop.count(SHIRT, "ST-22")
    for location in shop.location_ids.values():
        units = 2 if location == shop.location_ids["ST-22"] else 0
        correction = Correction(SHIRT, location, "counted", set_to=units)
        with shop.app.db.write(actor="user:1") as tx:
            inventory.adjust(tx, correction=correction, at=NOON)
    shop.write(
        lambda tx: cart_reservations.reserve(tx, carts=[Cart("shop", "mine", [(SHIRT, 2)])], now=FRIDAY)
    )
    for reference, complete in (("mine", True), ("other", False), ("", False)):
        (option,) = ask(shop, (SHIRT, 2), channel="shop", cart_reference=reference, services=["standard"])[
            "options"
        ]
        assert option["complete"] is complete
    assert before[1] == shop.count(SHIRT, "ST-22")[1] == 0


def test_a_cart_that_is_fetched_is_promised_when_it_is_ready(shop: Retailer) -> None:
    (option,) = ask(shop, (SHIRT, 2), pickup="ST-22")["options"]
    assert (option["arrives_at"], option["deliver_by"]) == ("2026-11-20T07:30:00Z", "2026-11-20")
    (option,) = ask(shop, (SHIRT, 200), pickup="ST-22")["options"]
    assert (option["complete"], option["deliver_by"]) == (False, None)


def test_what_is_not_there_is_named(shop: Retailer) -> None:
    api = client(shop)
    body = {"lines": [{"sku": "NOPE", "quantity": 1}], "address": {"country": "IN"}}
    assert api.post("/api/v1/promise", json=body).json()["title"] == "The catalog does not have NOPE."
    body = {"lines": [{"sku": SHIRT, "quantity": 1}], "address": {"country": "IN"}, "services": ["drone"]}
    answer = api.post("/api/v1/promise", json=body)
    assert (answer.status_code, answer.json()["title"]) == (
        404,
        "There is no service 'drone'. Services: standard, express.",
    )


def test_the_network_is_read_planned_and_changed(shop: Retailer) -> None:
    api = client(shop)
    document = api.get("/api/v1/network").json()["document"]
    document["confidence"] = 0.8
    reported = api.post("/api/v1/network/preview", json={"document": document}).json()
    assert [line for line in reported["changes"] if line[0] in "+-"] == [
        "-confidence: 0.9",
        "+confidence: 0.8",
    ]
    assert reported["doubts"] == []
    assert api.put("/api/v1/network", json={"document": document, "note": "braver"}).status_code == 200
    (newest, first) = api.get("/api/v1/network").json()["versions"]
    assert (newest["note"], first["note"]) == ("braver", "Samples loaded")
    assert ask(shop, (SHIRT, 1))["confidence"] == 0.8
    refused = api.put("/api/v1/network", json={"document": {"colour": "red"}, "note": "x"})
    assert (refused.status_code, "unknown field `colour`" in refused.text) == (422, True)
    assert "CarrierSettings" in api.get("/api/v1/network/schema").json()["$defs"]


def test_a_pause_is_seen_and_ends(shop: Retailer) -> None:
    staff = client(shop, Role.LOCATION_STAFF, "ST-22")
    until = (FRIDAY + timedelta(hours=2)).isoformat()
    paused = staff.post("/api/v1/locations/ST-22/pause", json={"reason": "power cut", "until_at": until})
    assert paused.json() == {"location": "ST-22", "paused": True}
    today = staff.get("/api/v1/locations/ST-22/today").json()
    assert (today["pause"]["reason"], today["is_open"], today["days"][0]["hours"]) == (
        "power cut",
        True,
        "10:00–21:00",
    )
    assert (today["shifts"][0]["name"], today["shifts"][0]["most"], today["shifts"][0]["is_current"]) == (
        "day",
        200,
        True,
    )
    assert ask(shop, (SHIRT, 2), services=["standard"])["options"][0]["complete"] is False
    assert staff.post("/api/v1/locations/WH-A/pause", json={"reason": "no"}).status_code in {403, 404}
    assert staff.post("/api/v1/locations/ST-22/resume").json() == {"location": "ST-22", "paused": False}
    assert ask(shop, (SHIRT, 2), services=["standard"])["options"][0]["complete"] is True
