"""Create orders through the API: a result per order, nothing lost, nothing duplicated."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.builders import SHIRT, Retailer
from tests.delivery.test_api import client, problem

from doorstep.domain.connections import actions as connections
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import views as stock

ORDERS = "/api/v1/orders"
ADDRESS = {"name": "A. Person", "line1": "1 Road", "city": "Pune", "postal_code": "411001", "country": "IN"}


def order(name: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    line = {"sku": SHIRT, "quantity": quantity, "unit_price_minor": 79_900}
    reported = {
        "external_id": name, "placed_at": "2026-05-05T10:00:00+05:30", "currency": "INR", "lines": [line],
        "payment": {"is_paid": True}, "shipping_address": ADDRESS,
    }  # fmt: skip
    return reported | more


def place(till: TestClient, *orders: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answer = till.post(ORDERS, json={"orders": list(orders)}, headers=headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_an_order_is_stored_checked_and_routed_when_the_answer_comes(
    till: TestClient, retailer: Retailer
) -> None:
    answer = till.post(ORDERS, json=order("T-1"))
    assert answer.status_code == 201, answer.text
    reported = answer.json()
    assert (reported["result"], reported["status"], reported["number"]) == (
        "created",
        "allocated",
        "T-1",
    )
    assert [len(each.lines) for each in retailer.work(reported["order_id"])] == [1]
    assert till.get(f"{ORDERS}/{reported['order_id']}").json()["channel"] == "till"


def test_a_payment_that_only_the_channel_reports_counts_as_paid(till: TestClient) -> None:
    paid = till.post(ORDERS, json=order("T-1")).json()["order_id"]
    unpaid = till.post(ORDERS, json=order("T-2", payment={"is_paid": False})).json()["order_id"]
    found, other = (till.get(f"{ORDERS}/{each}").json() for each in (paid, unpaid))
    assert (found["paid"], found["paid_as_reported"], found["payments"]) == (found["total"], True, [])
    assert found["paid"]["amount_minor"] == 79_900
    assert (other["paid"]["amount_minor"], other["paid_as_reported"]) == (0, False)


def test_each_of_several_has_its_own_answer(till: TestClient) -> None:
    unknown = order("T-2", lines=[{"sku": "NOPE", "quantity": 1, "unit_price_minor": 1}])
    results = place(
        till,
        order("T-1"),
        order("T-1"),
        unknown,
        {"external_id": "T-3"},
        order("T-4", quantity=100_000),
        {"colour": 1},
    )
    assert [(each["external_id"], each["result"], each["status"]) for each in results] == [
        ("T-1", "created", "allocated"),
        ("T-1", "repeated", "allocated"),
        ("T-2", "created", "held"),
        ("T-3", "refused", ""),
        ("T-4", "created", "short"),
        ("", "refused", ""),
    ]
    assert "NOPE" in results[2]["hold_reasons"][0]
    assert "placed_at" in results[3]["error"]


def test_a_refused_call_is_kept_as_a_dead_letter(till: TestClient) -> None:
    place(till, {"external_id": "T-3"})
    (letter,) = till.get("/api/v1/dead-letters").json()["items"]
    assert (letter["topic"], letter["error_class"]) == ("orders", "data")


@pytest.mark.parametrize("is_discarded", [False, True])
def test_a_corrected_document_is_taken_though_the_wrong_one_was_rejected(
    till: TestClient, retailer: Retailer, *, is_discarded: bool
) -> None:
    wrong = order("T-1", currency="XXQ")
    for _ in range(2):
        assert till.post(ORDERS, json=wrong).status_code == 422
    (letter,) = retailer.dead_letters()
    if is_discarded:
        retailer.write(lambda tx: connections.discard(tx, ids=[int(str(letter["id"]))]))
        assert till.post(ORDERS, json=wrong).status_code == 422  # Sent again, it is read again.
    answer = till.post(ORDERS, json=order("T-1"))
    assert (answer.status_code, answer.json()["status"]) == (201, "allocated"), answer.text
    assert place(till, order("T-1"))[0]["result"] == "repeated"
    assert retailer.dead_letters() == []
    bodies = retailer.read(lambda tx: tx.column(bytes, "SELECT body FROM inbox WHERE error IS NOT NULL"))
    assert {json.loads(body)["currency"] for body in bodies} == {"XXQ"}


def test_a_newer_version_changes_the_order_and_an_older_one_does_not(till: TestClient) -> None:
    place(till, order("T-1", updated_at="2026-05-05T11:00:00Z", payment={}))
    (held,) = place(till, order("T-1", updated_at="2026-05-05T10:00:00Z"))
    assert (held["result"], held["status"]) == ("outdated", "held")
    (paid,) = place(till, order("T-1", updated_at="2026-05-05T12:00:00Z"))
    assert (paid["result"], paid["status"]) == ("updated", "allocated")


def test_the_same_key_returns_the_same_answer(till: TestClient) -> None:
    first, second = (place(till, order("T-1"), **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first == second
    again = till.post(ORDERS, json={"orders": [order("T-9")]}, headers={"Idempotency-Key": "k1"})
    assert again.status_code == 422


def test_many_callers_of_the_same_order_place_it_once(till: TestClient, retailer: Retailer) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: place(till, order("T-1", quantity=2))[0], range(8)))
    assert {each["external_id"] for each in answers} == {"T-1"}
    assert {each["result"] for each in answers} <= {"created", "repeated", "updated", "stored"}
    retailer.settle()
    found = till.get(ORDERS, params={"channel": "till"}).json()["items"]
    assert len(found) == 1


def test_a_cart_becomes_an_order_and_its_hold_is_consumed(till: TestClient, retailer: Retailer) -> None:
    line = {"sku": SHIRT, "quantity": 2}
    held = {"carts": [{"channel": "till", "reference": "c1", "lines": [line]}]}
    assert till.post("/api/v1/reservations", json=held).json()["reservations"][0]["held"] is True
    place(till, order("T-1", quantity=2, cart_reference="c1"))
    assert retailer.read(lambda tx: stock.holds(tx, carts=[("till", "c1")])) == []
    assert retailer.read(stock.drift) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"orders": []}', b'{"orders": 1}', b'{"orders": [' + b"{}," * 1000 + b"{}]}"]
)
def test_a_body_that_is_none_is_refused(till: TestClient, body: bytes) -> None:
    problem(till.post(ORDERS, content=body, headers={"content-type": "application/json"}), 422, "invalid")


def test_the_channel_must_be_known(till: TestClient, retailer: Retailer) -> None:
    problem(till.post(ORDERS, params={"channel": "shop"}, json=order("T-1")), 422, "invalid")
    assert till.post(ORDERS, params={"channel": "till"}, json=order("T-1")).status_code == 201
    assert client(retailer, Role.READ_ONLY).post(ORDERS, json=order("T-2")).status_code == 403
