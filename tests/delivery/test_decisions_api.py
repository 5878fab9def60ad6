"""Routing decisions through the API, and the size of a stored explanation."""

from __future__ import annotations

import msgspec
from tests.builders import JACKET, NOON, SHIRT, SNEAKER, Retailer, line, order_snapshot
from tests.delivery.test_api import client

from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.routing import views as routing
from doorstep.kernel.message import stored


def test_decisions_have_explanations(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    (reported,) = client(retailer).get(f"/api/v1/orders/{order_id}/decisions").json()
    assert (reported["rules"], reported["rules_version"], reported["best"]) == ("default", None, None)
    assert {each["location"] for each in reported["sent"]} <= set(retailer.location_ids)
    assert sum(each["quantity"] for each in reported["sent"]) == 3
    explained = reported["explanation"]
    assert [line["sku"] for line in explained["lines"]] == ["DJ-BL-01", "GT-WH-02"]
    assert (explained["scores"]["parcels"], explained["scores"]["cost"]["currency"]) == (2, "INR")


def test_who_may_not_read_rules_may_not_read_what_they_weighed(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    staff = client(retailer, Role.LOCATION_STAFF, "WH-A")
    assert staff.get(f"/api/v1/orders/{order_id}/decisions").status_code == 403
    assert client(retailer).get("/api/v1/orders/999/decisions").status_code == 404


def test_a_usual_explanation_is_stored_in_less_than_two_kilobytes(retailer: Retailer) -> None:
    """Three lines, which every one of twelve locations has."""
    movements = [
        Movement(MovementType.RECEIVED, sku, location, 5, "opening stock", NOON)
        for sku in (JACKET, SHIRT, SNEAKER)
        for location in retailer.location_ids.values()
    ]
    retailer.write(lambda tx: inventory.move(tx, movements=movements))
    order_id = retailer.place_order(order_snapshot(line(JACKET), line(SHIRT, 2), line(SNEAKER)))
    (decision,) = retailer.read(lambda tx: routing.decisions(tx, order_id=order_id))
    assert [each.others + len(each.candidates) for each in decision.explanation.lines] == [12] * 3
    assert len(msgspec.json.encode(decision.explanation, enc_hook=stored)) < 2_048
