"""Availability, its rules and future supply through the API: explained answers, previews that change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.builders import JACKET, NOON, SHIRT, Retailer, line, order_snapshot
from tests.clock import day

from doorstep import processes
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewKey
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import actions as stock
from doorstep.domain.inventory.actions import Correction

RULE = {
    "kind": "safety_stock",
    "name": "two stay in every store",
    "value": 2,
    "reason": "displays look empty",
}
SUPPLY = {"kind": "purchase_order", "number": "PO-7", "line_no": 1, "sku": SHIRT, "location": "WH-A",
          "quantity": 100, "eta_date": day(11).isoformat()}  # fmt: skip


def client(retailer: Retailer, role: Role = Role.OPERATIONS, location: str | None = None) -> TestClient:
    key = NewKey(role.value, role, retailer.location_ids[location] if location else None)
    token = retailer.write(lambda tx: identity.create_api_key(tx, key=key, now=NOON))
    web = processes.web(retailer.app)
    return TestClient(web, base_url="http://testserver/api/v1/", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def api(retailer: Retailer) -> TestClient:
    """A planner's program, at a shop that has 5 jackets in Warehouse A and 3 in Store 22, and none elsewhere."""

    def count(code: str, units: int) -> None:
        correction = Correction(JACKET, retailer.location_ids[code], "test", set_to=units)
        retailer.write(lambda tx: stock.adjust(tx, correction=correction, at=NOON))

    for code in retailer.location_ids:
        count(code, {"WH-A": 5, "ST-22": 3}.get(code, 0))
    return client(retailer)


def jackets(api: TestClient, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.get("availability", params={"sku": JACKET, "channel": "shop", **asked}).json()
    return found


def test_an_answer_has_the_quantity_and_every_deduction(api: TestClient) -> None:
    assert api.post("atp-rules", json=RULE).json()["changed"]["positions"] > 0
    found = jackets(api, explain=True)
    assert (found["status"], found["quantity"], found["because"]) == ("known", 4, [])
    (part,) = found["explanation"]
    everywhere, *gone = part["steps"]
    assert (everywhere["words"], everywhere["units"]) == ("On hand everywhere", 8)
    assert [step["rule"] for step in gone] == [RULE["name"]] * 2
    assert sum(step["units"] for step in part["steps"]) == part["free"] == 4
    assert jackets(api)["explanation"] is None


def test_many_questions_are_answered_in_their_order(api: TestClient) -> None:
    asked = [
        {"sku": JACKET, "location": "ST-22", "method": "pickup"},
        {"sku": JACKET},
        {"sku": JACKET, "location": "WH-A"},
    ]
    found = api.post("availability", json={"questions": asked}).json()
    assert [each["quantity"] for each in found] == [3, 8, 5]


def test_an_unanswerable_question_has_a_reason(api: TestClient) -> None:
    answers = [
        api.get("availability", params={"sku": "NO-SUCH"}),
        api.get("availability", params={"sku": JACKET, "location": "NO-SUCH"}),
        api.get("availability", params={"sku": JACKET, "method": "pickup"}),
        api.post("availability", json={"questions": []}),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 422, 422]


def test_a_silent_source_makes_answers_unknown(api: TestClient) -> None:
    source = {"location": "ST-22", "name": "pos", "max_age_seconds": 60}
    assert api.put("stock-sources", json=source).status_code == 200
    found = jackets(api)
    assert (found["status"], found["quantity"], found["known_quantity"]) == ("unknown", None, 5)
    assert found["because"] == ["pos: no update yet"]
    assert [each["silent"] for each in api.get("stock-sources").json()] == [True]
    assert api.delete("stock-sources/ST-22/pos").status_code == 200
    assert jackets(api)["quantity"] == 8


def test_a_rule_is_tried_set_changed_and_switched_off(api: TestClient) -> None:
    tried = api.post("atp-rules/preview", json=RULE).json()
    assert (tried["changed"]["positions"] > 0, api.get("atp-rules").json()) == (True, [])
    made = api.post("atp-rules", json=RULE).json()
    assert made["changed"] == tried["changed"]
    body = {**RULE, "value": 1, "skus": [JACKET], "version": 1}
    assert api.put(f"atp-rules/{made['id']}", json=body).json()["version"] == 2
    assert api.put(f"atp-rules/{made['id']}", json=body).status_code == 409
    found = api.get(f"atp-rules/{made['id']}").json()
    assert (found["value"], found["skus"], found["reason"]) == (1, [JACKET], RULE["reason"])
    params = {"kind": "safety_stock", "sku": JACKET, "location": "WH-A"}
    assert [each["id"] for each in api.get("atp-rules/competing", params=params).json()] == [made["id"]]
    off = {"active": False, "reason": "season is over"}
    assert api.post(f"atp-rules/{made['id']}/switch", json=off).json()["active"] is False
    assert jackets(api)["quantity"] == 8


def test_supply_is_announced_changed_with_its_effect_and_ended(api: TestClient, retailer: Retailer) -> None:
    for _ in range(2):
        reported = api.put("supplies", json={"lines": [SUPPLY]}).json()
    (supply,) = reported["supplies"]
    policy = {"mode": "backorder", "quantity_limit": 90_000}
    assert api.put(f"skus/{SHIRT}/sell-ahead", json=policy).status_code == 200
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 50_000)))
    move = {"eta_date": day(34).isoformat(), "quantity": 60_000}
    tried = api.patch(f"supplies/{supply['id']}", json={**move, "preview": True}).json()
    assert tried["promises_changed"][0]["order_id"] == order_id
    assert api.get("supplies").json()["items"][0]["eta_date"] == day(11).isoformat()
    changed = api.patch(f"supplies/{supply['id']}", json=move).json()
    assert changed["promises_changed"][0]["new_date"] == day(34).isoformat()
    (promised,) = api.get(f"supplies/{supply['id']}/promises").json()[:1]
    assert (promised["order_id"], promised["quantity"]) == (order_id, 50_000)
    assert api.get(f"orders/{order_id}/promises").json()[0]["promised_date"] == day(34).isoformat()
    store = client(retailer, Role.LOCATION_STAFF, "ST-22")
    for path in (f"orders/{order_id}/promises", f"supplies/{supply['id']}/promises"):
        assert store.get(path).status_code == 403
    assert api.get(f"skus/{SHIRT}/sell-ahead").json()["promised"] == 50_000
    assert api.post(f"supplies/{supply['id']}/cancel").json()["promises_changed"][0]["new_date"] is None
    assert api.post(f"supplies/{supply['id']}/close").status_code == 409
    assert api.get("supplies").json()["items"] == []


def test_a_store_sees_who_has_it_and_what_comes(api: TestClient) -> None:
    api.put("supplies", json={"lines": [{**SUPPLY, "sku": JACKET, "location": "ST-22"}]})
    found = api.get(f"endless-aisle/{JACKET}", params={"location": "ST-22"}).json()
    assert (found["here"]["quantity"], [each["location"] for each in found["elsewhere"]]) == (3, ["WH-A"])
    assert (found["elsewhere"][0]["quantity"], found["elsewhere"][0]["km"] > 1000) == (5, True)
    assert [(each["quantity"], each["here_date"]) for each in found["coming"]] == [(100, day(11).isoformat())]


def test_what_does_not_exist_is_not_found(api: TestClient) -> None:
    answers = [
        api.get("atp-rules/99"),
        api.get("supplies/99/promises"),
        api.put("skus/NO-SUCH/sell-ahead", json={"mode": "backorder"}),
        api.put("supplies", json={"lines": [{**SUPPLY, "location": "NO-SUCH"}]}),
        api.put("supplies", json={"lines": [{**SUPPLY, "sku": "NO-SUCH"}]}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5


def test_who_may_only_read_decides_nothing(retailer: Retailer) -> None:
    for reader in (client(retailer, Role.READ_ONLY), client(retailer, Role.LOCATION_STAFF, "ST-22")):
        assert reader.get("availability", params={"sku": JACKET}).status_code == 200
        assert reader.get("atp-rules").status_code == 200
        writes = [
            reader.post("atp-rules", json=RULE),
            reader.post("atp-rules/preview", json=RULE),
            reader.put("supplies", json={"lines": [SUPPLY]}),
            reader.put(f"skus/{SHIRT}/sell-ahead", json={"mode": "backorder"}),
            reader.put("stock-sources", json={"location": "ST-22", "name": "pos", "max_age_seconds": 60}),
        ]
        assert [answer.status_code for answer in writes] == [403] * 5
