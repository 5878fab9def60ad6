"""Decisions over the API, and what a receipt weighs."""

from __future__ import annotations

import msgspec
from tests.builders import JACKET, NOON, SHIRT, SNEAKER, Retailer, line, observation
from tests.delivery.test_api import client

from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Movement, MovementType


def test_decisions_are_told_with_their_receipts(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    (reported,) = client(retailer).get(f"/api/v1/orders/{order_id}/decisions").json()
    assert (reported["rules"], reported["rules_version"], reported["currency"]) == ("default", None, "INR")
    assert {each["location"] for each in reported["sent"]} <= set(retailer.places)
    assert sum(each["quantity"] for each in reported["sent"]) == 3
    assert [line["sku"] for line in reported["receipt"]["lines"]] == ["DJ-BL-01", "GT-WH-02"]
    assert reported["receipt"]["scores"]["parcels"] == 2


def test_who_may_not_read_rules_may_not_read_what_they_weighed(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    staff = client(retailer, Role.LOCATION_STAFF, "WH-A")
    assert staff.get(f"/api/v1/orders/{order_id}/decisions").status_code == 403
    assert client(retailer).get("/api/v1/orders/999/decisions").status_code == 404


def test_a_usual_receipt_weighs_less_than_two_kilobytes(retailer: Retailer) -> None:
    """Three lines, which every one of twelve locations has."""
    movements = [
        Movement(MovementType.RECEIVED, sku, place, 5, "opening stock", NOON)
        for sku in (JACKET, SHIRT, SNEAKER)
        for place in retailer.places.values()
    ]
    retailer.write(lambda tx: inventory.move(tx, movements=movements))
    order_id = retailer.place_order(observation(line(JACKET), line(SHIRT, 2), line(SNEAKER)))
    (reported,) = client(retailer).get(f"/api/v1/orders/{order_id}/decisions").json()
    assert [each["others"] + len(each["candidates"]) for each in reported["receipt"]["lines"]] == [12] * 3
    assert len(msgspec.json.encode(reported["receipt"])) < 2_048
