"""The catalog through the API: SKUs, kits and B-grade SKUs."""

from __future__ import annotations

from tests.builders import JACKET, SHIRT, Retailer
from tests.delivery.test_api import client, problem

from doorstep.domain.identity.model import Role

BUNDLE = {"title": "Set", "weight_grams": 700, "price_minor": 250_000, "currency": "INR"}


def test_a_kit_is_made_looked_up_and_dissolved(retailer: Retailer) -> None:
    api = client(retailer)
    assert api.put("/api/v1/skus/SET", json=BUNDLE).json() == {"sku": "SET"}
    parts = {"parts": [{"sku": SHIRT, "quantity": 2}, {"sku": JACKET}]}
    assert api.put("/api/v1/skus/SET/parts", json=parts).json() == {"sku": "SET", "parts": 2}
    (found,) = api.get("/api/v1/skus", params={"sku": ["SET", "NOPE"]}).json()
    assert (found["item"]["title"], found["item"]["price"]["amount_minor"]) == ("Set", 250_000)
    assert sorted((part["sku"], part["condition"], part["quantity"]) for part in found["parts"]) == sorted(
        [(SHIRT, "new", 2), (JACKET, "new", 1)]
    )
    assert api.delete("/api/v1/skus/SET/parts").json() == {"sku": "SET", "parts": 0}
    (found,) = api.get("/api/v1/skus", params={"sku": "SET"}).json()
    assert found["parts"] == [{"sku": "SET", "condition": "new", "quantity": 1}]


def test_a_b_grade_sku_has_its_own_price(retailer: Retailer) -> None:
    api = client(retailer)
    api.put("/api/v1/skus/SHIRT-B", json=BUNDLE | {"title": "Tee, second choice", "price_minor": 39_900})
    b_grade = {"parts": [{"sku": SHIRT, "condition": "b_grade"}]}
    assert api.put("/api/v1/skus/SHIRT-B/parts", json=b_grade).status_code == 200
    (found,) = api.get("/api/v1/skus", params={"sku": "SHIRT-B"}).json()
    assert (found["item"]["price"]["amount"], found["parts"][0]["condition"]) == ("399.00", "b_grade")


def test_what_cannot_be_is_refused(retailer: Retailer) -> None:
    api = client(retailer)
    problem(api.put("/api/v1/skus/NOPE/parts", json={"parts": [{"sku": SHIRT}]}), 404, "notfound")
    problem(api.put(f"/api/v1/skus/{SHIRT}/parts", json={"parts": [{"sku": SHIRT}]}), 422, "invalid")
    problem(api.delete("/api/v1/skus/NOPE/parts"), 404, "notfound")
    problem(api.put("/api/v1/skus/X", json=BUNDLE | {"currency": "XXQ"}), 422, "invalid")
    reader = client(retailer, Role.READ_ONLY)
    assert reader.put("/api/v1/skus/SET", json=BUNDLE).status_code == 403


def test_a_new_sku_has_its_availability_rules_at_once(retailer: Retailer) -> None:
    api = client(retailer)
    rule = {"kind": "exclude", "name": "recalled", "value": 1, "categories": ["toys"], "reason": "recall"}
    assert api.post("/api/v1/atp-rules", json=rule).status_code == 201
    api.put("/api/v1/skus/TOY", json=BUNDLE | {"category": "toys"})
    settings = "SELECT count(*) FROM location_policies WHERE sku = 'TOY'"
    assert retailer.read(lambda tx: tx.value(int, settings)) == len(retailer.location_ids)


def test_a_sku_may_contain_slashes(retailer: Retailer) -> None:
    api = client(retailer)
    assert api.put("/api/v1/skus/AB/1/parts-kit", json=BUNDLE).json() == {"sku": "AB/1/parts-kit"}
    assert api.put("/api/v1/skus/KIT/2", json=BUNDLE).json() == {"sku": "KIT/2"}
    parts = {"parts": [{"sku": SHIRT}, {"sku": JACKET}]}
    assert api.put("/api/v1/skus/KIT/2/parts", json=parts).json() == {"sku": "KIT/2", "parts": 2}
    assert api.get("/api/v1/inventory/KIT/2/WH-A/movements").status_code == 200
    assert api.get("/api/v1/endless-aisle/KIT/2", params={"location": "ST-22"}).status_code == 200
    policy = {"mode": "backorder", "quantity_limit": 5}
    assert api.put("/api/v1/skus/KIT/2/sell-ahead", json=policy).status_code == 200
    assert api.get("/api/v1/skus/KIT/2/sell-ahead").json()["mode"] == "backorder"
