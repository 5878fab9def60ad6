"""Stock work through the API: transfers, goods receipts, counts, feeds, replenishment and files, by location."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.builders import JACKET, NOON, SHIRT, Retailer

from doorstep import processes
from doorstep.delivery.worker import files
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewKey
from doorstep.domain.identity.model import Role

HUB, STORE = "WH-A", "ST-22"


def client(retailer: Retailer, role: Role = Role.OPERATIONS, location: str | None = None) -> TestClient:
    key = NewKey(
        f"{role.value} {location or ''}", role, retailer.location_ids[location] if location else None
    )
    token = retailer.write(lambda tx: identity.create_api_key(tx, key=key, now=NOON))
    web = processes.web(retailer.app)
    return TestClient(web, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)


@pytest.fixture
def api(retailer: Retailer) -> TestClient:
    return client(retailer)


def ask(
    api: TestClient, path: str, body: object = None, status: int = 200, method: str = "", **given: Any
) -> Any:
    """What an address answers, with the status it must have."""
    call = method or ("GET" if body is None else "POST")
    answer = api.request(call, f"/api/v1{path}", json=body, **given)
    assert answer.status_code == status, answer.text
    return answer.json()


def transfer(api: TestClient, quantity: int = 2) -> int:
    """A draft, and enough at its origin."""
    ask(api, "/receipts", {"location": HUB, "lines": [{"sku": SHIRT, "quantity": 10}]}, 201)
    lines = [{"sku": SHIRT, "quantity": quantity}]
    made = ask(api, "/transfers", {"origin": HUB, "destination": STORE, "lines": lines}, 201)
    return int(made["id"])


def test_a_transfer_is_shipped_and_received_with_a_goods_receipt(api: TestClient, retailer: Retailer) -> None:
    before, key = retailer.count(SHIRT, STORE)[0], transfer(api)
    ask(api, f"/transfers/{key}/lines", {"lines": [{"sku": SHIRT, "quantity": 3}]}, method="PUT")
    assert ask(api, f"/transfers/{key}/request", {"version": 2})["actions"] == ["ship", "cancel"]
    ask(api, f"/transfers/{key}/cancel", {"version": 1}, 409)
    ask(api, f"/transfers/{key}/ship", {"lines": [{"sku": SHIRT, "quantity": 2}]})
    goods = {"location": STORE, "lines": [{"sku": SHIRT, "quantity": 2}], "transfer_id": key}
    receipt = ask(api, "/receipts", goods, 201)
    whole = ask(api, f"/transfers/{key}")
    assert (whole["transfer"]["state"], whole["lines"][0]["received"]) == ("received", 2)
    shown = ask(api, f"/receipts/{receipt['id']}")
    assert (shown["receipt"]["transfer_id"], shown["lines"][0]["variance"]) == (key, 0)
    assert retailer.count(SHIRT, STORE)[0] == before + 2
    assert [each["id"] for each in ask(api, f"/transfers?location={STORE}&state=received")["items"]] == [key]
    assert [each["id"] for each in ask(api, f"/receipts?location={STORE}")["items"]] == [receipt["id"]]


def test_lists_of_stock_work_are_pages(api: TestClient) -> None:
    transfers = [transfer(api) for _ in range(3)]  # Each comes with a goods receipt.
    counts = [
        ask(api, "/counts", {"location": HUB, "title": f"Shelf {each}", "skus": [SHIRT]}, 201)["id"]
        for each in range(3)
    ]
    supply = {"kind": "purchase_order", "number": "PO-1", "sku": SHIRT, "location": HUB, "quantity": 5}
    days = [f"{NOON.date() + timedelta(days=each)}" for each in (3, 1, 2)]
    lines = [supply | {"line_no": no, "eta_date": day} for no, day in enumerate(days, start=1)]
    ask(api, "/supplies", {"lines": lines}, method="PUT")
    assert whole(api, "/transfers", "id") == transfers[::-1]
    assert whole(api, "/counts", "id") == counts[::-1]
    assert len(whole(api, "/receipts", "id")) == 3
    assert [each for each in whole(api, "/supplies?q=PO-1", "eta_date") if each in days] == sorted(days)
    skus = whole(api, "/inventory?location=WH-A", "sku", limit=60)
    assert (skus, SHIRT in skus) == (sorted(skus), True)


def whole(api: TestClient, path: str, field: str, *, limit: int = 2) -> list[Any]:
    """One field of every row of a list, read page by page."""
    found: list[Any] = []
    cursor = ""
    while True:
        mark = "&" if "?" in path else "?"
        page = ask(api, f"{path}{mark}limit={limit}&cursor={cursor}")
        found += [each[field] for each in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_a_goods_receipt_with_a_key_is_posted_once(api: TestClient, retailer: Retailer) -> None:
    before = retailer.count(SHIRT, HUB)[0]
    goods = {"location": HUB, "lines": [{"sku": SHIRT, "quantity": 5}]}
    for _ in range(2):
        ask(api, "/receipts", goods, 201, headers={"Idempotency-Key": "box-1"})
    assert retailer.count(SHIRT, HUB)[0] == before + 5


def test_units_change_their_condition(api: TestClient, retailer: Retailer) -> None:
    change = {"sku": SHIRT, "location": HUB, "before": "new", "after": "b_grade", "quantity": 1}
    assert ask(api, "/inventory/condition-changes", {"changes": [change], "reason": "stain"}, 201) == {
        "changed": 1
    }
    assert retailer.count(SHIRT, HUB, "b_grade") == (1, 0)


def test_a_blind_count_hides_quantities_until_it_is_submitted(api: TestClient, retailer: Retailer) -> None:
    on_hand = retailer.count(SHIRT, HUB)[0]
    key = ask(api, "/counts", {"location": HUB, "title": "Shelf 1", "skus": [SHIRT]}, 201)["id"]
    ask(api, f"/counts/{key}/found", {"found": [{"code": SHIRT, "quantity": on_hand - 1}]})
    (line,) = ask(api, f"/counts/{key}")["lines"]
    assert (line["counted"], line["expected"], line["variance"]) == (on_hand - 1, None, None)
    assert ask(api, f"/counts/{key}/submit", {})["state"] == "counted"
    assert ask(api, f"/counts/{key}")["lines"][0]["variance"] == -1
    assert ask(api, f"/counts/{key}/approve", {}, 409)["counted_by"] == "api:1"
    assert ask(client(retailer), f"/counts/{key}/approve", {})["state"] == "approved"
    assert retailer.count(SHIRT, HUB)[0] == on_hand - 1
    assert [each["state"] for each in ask(api, f"/counts?location={HUB}")["items"]] == ["approved"]


def test_a_count_is_sent_back_or_canceled(api: TestClient) -> None:
    key = ask(api, "/counts", {"location": HUB, "title": "Shelf 1", "skus": [SHIRT]}, 201)["id"]
    ask(api, f"/counts/{key}/found", {"found": [{"code": SHIRT, "quantity": 0}], "adds": False})
    ask(api, f"/counts/{key}/submit", {"rest": "skip"})
    assert ask(api, f"/counts/{key}/recount", {"reason": "really?"})["state"] == "open"
    assert ask(api, f"/counts/{key}/cancel", {})["actions"] == []


def test_a_feed_has_a_result_for_every_line_and_counts_once(api: TestClient, retailer: Retailer) -> None:
    reported = {"source": "wms", "mode": "set", "lines": [{"sku": SHIRT, "location": HUB, "quantity": 77}]}
    reported["lines"].append({"sku": "NO-SUCH", "location": HUB, "quantity": 1})  # type: ignore[attr-defined]  # a list
    ask(api, "/inventory/feeds", reported, 422)
    for _ in range(2):
        found = ask(api, "/inventory/feeds", reported, 201, headers={"Idempotency-Key": "k"})
        assert [each["outcome"] for each in found["results"]] == ["applied", "refused"]
    assert (retailer.count(SHIRT, HUB)[0], len(ask(api, "/inventory/feeds")["items"])) == (77, 1)
    whole = ask(api, f"/inventory/feeds/{found['feed']['id']}")
    assert [each["reason"] for each in whole["problems"]] == ["The catalog does not have this SKU."]


def test_locations_are_replenished_by_rules(api: TestClient) -> None:
    rule = {"sku": JACKET, "location": STORE, "source": HUB, "min_quantity": 500, "max_quantity": 500}
    assert ask(api, "/replenishment/rules", {"rules": [rule]}, method="PUT") == {"written": 1}
    (shown,) = ask(api, "/replenishment/rules")
    assert (shown["location"], shown["source"], shown["max_quantity"]) == (STORE, HUB, 500)
    (drafted,) = ask(api, "/replenishment/draft", {})["transfer_ids"]
    line = ask(api, f"/transfers/{drafted}")["lines"][0]
    assert (line["sku"], "The source can spare" in line["why"]) == (JACKET, True)
    assert ask(api, "/replenishment/draft", {})["transfer_ids"] == []
    assert ask(api, f"/replenishment/rules/{shown['id']}", method="DELETE") == {"removed": 1}


def test_files_are_imported_and_exported_as_streams(api: TestClient, retailer: Retailer) -> None:
    text = f"sku,location,quantity\n{SHIRT},{HUB},44\n{SHIRT},NOWHERE,1\n"
    address = "/api/v1/imports?kind=stock&file_name=stock.csv"
    made = [api.post(address, content=text, headers={"Idempotency-Key": "monday"}) for _ in range(2)]
    assert [each.status_code for each in made] == [202, 202]
    key = made[0].json()["id"]
    assert made[1].json()["id"] == key
    while files.advance(retailer.app):
        pass
    file = ask(api, f"/imports/{key}")
    assert (file["state"], file["percent"], file["applied"], file["bad"]) == ("done", 100, 1, 1)
    assert ask(api, f"/imports/{key}/problems") == [
        {"line": 3, "problem": "location is no location: NOWHERE", "cells": [SHIRT, "NOWHERE", "1", ""]}
    ]
    assert [each["id"] for each in ask(api, "/imports")["items"]] == [key]
    bad = api.get(f"/api/v1/imports/{key}/problems.csv").text.splitlines()
    assert bad == [
        "line,problem,sku,location,quantity,condition",
        f"3,location is no location: NOWHERE,{SHIRT},NOWHERE,1,",
    ]
    ask(api, f"/imports/{key}/resume", {}, 409)
    stock = api.get(f"/api/v1/exports/stock.csv?location={HUB}").text.splitlines()
    assert stock[0] == "sku,location,quantity,condition,reserved,incoming,missing,confirmed_at"
    assert any(line.startswith(f"{SHIRT},{HUB},44,new,0,0,0,") for line in stock)
    ledger = api.get(
        "/api/v1/exports/movements.csv",
        params={"location": HUB, "since": (NOON - timedelta(days=30)).isoformat()},
    )
    assert f"import/{key}" not in ledger.text
    assert 'feed/file/1,"",,,api:1,' in ledger.text


def test_an_unreadable_file_is_refused_completely(api: TestClient) -> None:
    for text, name in (("sku\nx\n", "a.csv"), (b"\xff\xfe", "a.csv"), ("x", "a.pdf")):
        answer = api.post(f"/api/v1/imports?kind=stock&file_name={name}", content=text)
        assert (answer.status_code, answer.json()["status"]) == (422, 422)
    assert ask(api, "/imports")["items"] == []


def test_staff_work_at_their_own_location(retailer: Retailer) -> None:
    staff = client(retailer, Role.LOCATION_STAFF, STORE)
    goods = {"location": HUB, "lines": [{"sku": SHIRT, "quantity": 1}]}
    ask(staff, "/receipts", goods, 403)
    ask(staff, "/receipts", goods | {"location": STORE}, 403)  # without a document: that adds stock
    key = ask(staff, "/counts", {"location": STORE, "title": "Shelf", "skus": [SHIRT]}, 201)["id"]
    ask(staff, f"/counts/{key}/found", {"found": [{"code": SHIRT, "quantity": 0}]})
    ask(staff, f"/counts/{key}/submit", {})
    ask(staff, f"/counts/{key}/approve", {"alone": True}, 403)
    for location in (HUB, STORE):
        line = {"sku": SHIRT, "location": location, "quantity": 1}
        reported = {"source": "pos", "mode": "delta", "lines": [line]}
        ask(staff, "/inventory/feeds", reported, 403, headers={"Idempotency-Key": "k"})


def test_who_may_only_read_moves_nothing(retailer: Retailer, api: TestClient) -> None:
    reader, key = client(retailer, Role.READ_ONLY), transfer(api)
    assert ask(reader, f"/transfers/{key}")["transfer"]["units"] == 2
    ask(reader, f"/transfers/{key}/request", {}, 403)
    ask(reader, "/replenishment/draft", {}, 403)
    answer = reader.post("/api/v1/imports?kind=stock&file_name=a.csv", content="sku,location,quantity\n")
    assert answer.status_code == 403
