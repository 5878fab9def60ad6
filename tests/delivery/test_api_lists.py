"""Lists of the API: pages of one shape, each row once, newest first; a foreign cursor is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_api import client, problem

from doorstep.domain.identity.model import Role
from doorstep.domain.returns.model import Disposition, Grade, Inspection
from doorstep.flows.returns import receive_returns
from doorstep.kernel.ids import ReturnId

LISTS = ("returns", "shipments", "refunds", "invoices")


@pytest.fixture
def busy(retailer: Retailer) -> Retailer:
    """Two orders that came, of which each shirt went back."""
    for number in range(2):
        order_id = retailer.delivered(order_snapshot(line(SHIRT), external_id=f"o-{number}"))
        retailer.report_return(order_id)
    found = Inspection(1, 1, Grade.NEW, Disposition.RESTOCK)
    for return_id in retailer.read(lambda tx: tx.column(int, "SELECT id FROM returns ORDER BY id")):
        now = retailer.app.clock.now()
        with retailer.app.db.write(actor="user:1") as tx:
            receive_returns.receive(tx, return_id=ReturnId(return_id), now=now)
            receive_returns.inspect(tx, return_id=ReturnId(return_id), inspections=[found], now=now)
    retailer.settle()
    return retailer


def pages(api: Any, path: str, **params: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = api.get(f"/api/v1/{path}", params={"limit": 1, "cursor": cursor, **params}).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def test_every_row_is_listed_once_newest_first(busy: Retailer) -> None:
    api = client(busy)
    for path in LISTS:
        ids = [each["id"] for each in pages(api, path)]
        assert len(ids) == {"returns": 2, "shipments": 4, "refunds": 2, "invoices": 4}[path]
        assert ids == sorted(ids, reverse=True)
        assert ids == [each["id"] for each in api.get(f"/api/v1/{path}").json()["items"]]
        problem(api.get(f"/api/v1/{path}", params={"cursor": "a~b"}), 422, "invalid")


def test_lists_are_filtered_and_show_money_in_one_shape(busy: Retailer) -> None:
    api = client(busy)
    (refund, _) = pages(api, "refunds", state="succeeded")
    assert refund["amount"] == {"amount": "799.00", "amount_minor": 79_900, "currency": "INR"}
    assert pages(api, "refunds", state="failed") == []
    of_order = pages(api, "invoices", order_id=refund["order_id"])
    assert sorted(each["kind"] for each in of_order) == ["credit_note", "invoice"]
    assert {each["total"]["amount"] for each in of_order} == {"799.00"}
    assert all(each["taxes"] and each["legal_entity"] for each in of_order)
    assert [each["custody"] for each in pages(api, "returns", custody="inspected")] == ["inspected"] * 2


def test_staff_see_only_the_lists_of_their_location(busy: Retailer) -> None:
    elsewhere = client(busy, Role.LOCATION_STAFF, "WH-A")
    assert pages(elsewhere, "returns") == pages(elsewhere, "shipments") == []
    problem(elsewhere.get("/api/v1/refunds"), 403, "notallowed")
    problem(elsewhere.get("/api/v1/invoices"), 403, "notallowed")


def test_work_and_dead_letters_are_paged(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    for number in range(3):
        retailer.place_order(order_snapshot(line(SHIRT), external_id=f"o-{number}"))
    locations = {
        retailer.work(order)[0].location_id
        for order in retailer.read(lambda tx: tx.column(int, "SELECT id FROM orders"))
    }
    codes = [code for code, location in retailer.location_ids.items() if location in locations]
    found = [each["id"] for code in codes for each in pages(api, "fulfillment-orders", location=code)]
    assert len(found) == len(set(found)) == 3
    retailer.receive("shop", "order", {"broken": 1}, {"broken": 2})
    retailer.settle()
    letters = pages(api, "dead-letters")
    assert len({each["id"] for each in letters}) == len(letters) == 2
    problem(api.get("/api/v1/dead-letters", params={"cursor": "x"}), 422, "invalid")


def test_every_route_documents_its_problems(retailer: Retailer) -> None:
    document = client(retailer).get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            answers = route["responses"]
            assert {"4XX", "5XX"} <= answers.keys(), (method, path)
            assert "HTTPValidationError" not in str(answers), (method, path)


def test_a_list_refuses_an_unknown_parameter_and_names_those_it_has(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    answer = problem(api.get("/api/v1/orders", params={"status": "foo"}), 422, "invalid")
    assert answer["title"].startswith("Unknown parameter status. Known parameters: channel, cursor, ")
    assert (answer["field"], "view" in answer["known"]) == ("status", True)
    document = api.get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        if "get" in methods:
            known = [each["name"] for each in methods["get"].get("parameters", ()) if each["in"] == "query"]
            here = path.replace("{", "").replace("}", "")
            found = problem(api.get(here, params={"no_such": "1"}), 422, "invalid")
            if "known" in found:
                assert (path, found["known"]) == (path, sorted(known))
            else:  # the path itself is not a number
                assert "{" in path


def test_a_missing_body_is_accepted_or_its_fields_are_named(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    document = api.get("/api/openapi.json").json()
    shapes = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            asked = route.get("requestBody", {})
            shape = asked.get("content", {}).get("application/json", {}).get("schema", {})
            named = shapes.get(shape.get("$ref", "").rpartition("/")[2])
            if named is not None:
                assert (method, path, asked.get("required", False)) == (method, path, "required" in named)
    answer = problem(api.post("/api/v1/inventory/adjustments"), 422, "invalid")
    assert [each["field"] for each in answer["problems"]] == ["sku", "location", "reason"]
    problem(api.post("/api/v1/fulfillment-orders/999/pick-all"), 404, "notfound")
    problem(api.post("/api/v1/fulfillment-orders/999/ship"), 404, "notfound")


def test_movements_of_an_unknown_sku_are_not_found(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    answer = problem(api.get("/api/v1/inventory/NOPE/WH-A/movements"), 404, "notfound")
    assert answer["title"] == "The catalog does not have NOPE."
