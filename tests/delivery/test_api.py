"""The API: keys and roles, one problem format, writes that happen once, and the same verbs as the console."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from tests.builders import JACKET, NOON, SHIRT, Retailer, line, order_snapshot

from doorstep import processes
from doorstep.delivery.api import application, shapes
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewKey
from doorstep.domain.identity.model import Role
from doorstep.kernel.http.fake_partner import Fault
from doorstep.kernel.ids import OrderId


class Answer(Protocol):
    """What came back, whichever client asked."""

    status_code: int

    @property
    def text(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def json(self) -> Any: ...


def client(retailer: Retailer, role: Role = Role.OPERATIONS, location: str | None = None) -> TestClient:
    """A program with a key of this role."""
    key = NewKey(
        f"{role.value} {location or ''}", role, retailer.location_ids[location] if location else None
    )
    token = retailer.write(lambda tx: identity.create_api_key(tx, key=key, now=NOON))
    web = processes.web(retailer.app)
    return TestClient(web, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)


def api_routes() -> list[tuple[str, str]]:
    """Every method and path of the API, older ones too; a parameter of a path is its name in braces."""
    found = [
        (method, f"/api/v1{each.path}")
        for module in application._MODULES
        for each in module.router.routes
        if isinstance(each, APIRoute)
        for method in sorted(each.methods)
    ]
    assert len(found) > 130
    return found


def problem(answer: Answer, status: int, kind: str) -> dict[str, Any]:
    """The problem that an answer must be."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
        answer.text
    )
    reported: dict[str, Any] = answer.json()
    assert (reported["type"], reported["status"], bool(reported["title"])) == (
        f"/api/docs#{kind}",
        status,
        True,
    )
    return reported


# Who calls --------------------------------------------------------------------------------------------------------


def test_a_key_is_needed_and_a_revoked_one_is_none(retailer: Retailer) -> None:
    known = client(retailer)
    assert known.get("/api/v1/orders").status_code == 200
    retailer.write(lambda tx: identity.revoke_api_key(tx, key_id=1, now=NOON))
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": known.headers["Authorization"]},
    ):
        answer = TestClient(processes.web(retailer.app)).get("/api/v1/orders", headers=headers)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.fixture
def order_id(retailer: Retailer) -> OrderId:
    """The story's order: a jacket from Warehouse A, two shirts from Store 22."""
    return retailer.place_order()


WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/v1/orders/{order}/hold", {"reason": "x"}),
    ("/api/v1/orders/{order}/cancel", {"reason": "x"}),
    ("/api/v1/orders/{order}/notes", {"text": "x"}),
    ("/api/v1/fulfillment-orders/{work}/accept", {}),
    ("/api/v1/inventory/adjustments", {"sku": JACKET, "location": "WH-A", "change": 1, "reason": "counted"}),
    ("/api/v1/dead-letters/retry", {"error_class": "data"}),
)


def test_who_may_only_read_changes_nothing(retailer: Retailer, order_id: OrderId) -> None:
    reader = client(retailer, Role.READ_ONLY)
    assert reader.get(f"/api/v1/orders/{order_id}").status_code == 200
    work = retailer.work(order_id)[0].id
    for path, body in WRITES:
        problem(reader.post(path.format(order=order_id, work=work), json=body), 403, "notallowed")
    problem(reader.get("/api/v1/dead-letters"), 403, "notallowed")


def test_staff_of_a_location_see_and_do_what_is_there(retailer: Retailer, order_id: OrderId) -> None:
    here, elsewhere = (
        client(retailer, Role.LOCATION_STAFF, "ST-22"),
        client(retailer, Role.LOCATION_STAFF, "ST-13"),
    )
    (mine,) = here.get("/api/v1/fulfillment-orders", params={"location": "ST-22"}).json()["items"]
    path = f"/api/v1/fulfillment-orders/{mine['id']}"
    assert here.get(f"/api/v1/orders/{order_id}").status_code == 200
    assert [each["id"] for each in here.get("/api/v1/orders").json()["items"]] == [order_id]
    assert elsewhere.get("/api/v1/orders").json()["items"] == []
    for answer in (
        elsewhere.get(f"/api/v1/orders/{order_id}"),
        elsewhere.get("/api/v1/fulfillment-orders", params={"location": "ST-22"}),
        elsewhere.get(path),
        elsewhere.post(f"{path}/accept", json={}),
        elsewhere.get("/api/v1/inventory", params={"location": "ST-22"}),
        here.post(f"/api/v1/orders/{order_id}/hold", json={"reason": "x"}),
    ):
        problem(answer, 403, "notallowed")
    assert here.post(f"{path}/accept", json={}).json()["status"] == "accepted"


# Problems ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/orders/999999", f"/api/v1/orders/{2**70}", "/api/v1/returns/9", "/api/v1/shipments/9",
                                  "/api/v1/fulfillment-orders/9", "/api/v1/dead-letters/inbox/9", "/api/v1/inventory/X/NO/movements"])  # fmt: skip
def test_what_is_not_there_is_a_problem(retailer: Retailer, path: str) -> None:
    problem(client(retailer).get(path), 404, "notfound")


def test_what_the_framework_refuses_has_the_same_shape(retailer: Retailer) -> None:
    caller = client(retailer)
    problem(caller.get("/api/v1/nothing"), 404, "notfound")
    problem(caller.delete("/api/v1/orders"), 405, "methodnotallowed")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/orders?limit=0", "limit"),
        ("/api/v1/orders/abc", "order_id"),
        ("/api/v1/orders?view=none", "view"),
    ],
)
def test_an_invalid_request_names_the_field(retailer: Retailer, path: str, field: str) -> None:
    reported = problem(client(retailer).get(path), 422, "invalid")
    assert [each["field"] for each in reported["problems"]] == [field]


@pytest.mark.parametrize(
    "path", ["/api/v1/orders?cursor=garbage", "/api/v1/orders?q=%00", "/api/v1/inventory?q=%00"]
)
def test_nonsense_is_refused_not_broken_on(retailer: Retailer, path: str) -> None:
    problem(client(retailer).get(path), 422, "invalid")


# Writes happen once -----------------------------------------------------------------------------------------------


def adjust(caller: TestClient, change: int, key: str = "", given: dict[str, Any] | None = None) -> Answer:
    body = {"sku": JACKET, "location": "WH-A", "change": change, "reason": "counted"} | (given or {})
    return caller.post(
        "/api/v1/inventory/adjustments", json=body, headers={"Idempotency-Key": key} if key else {}
    )


def test_the_same_key_returns_the_same_answer_and_has_one_effect(retailer: Retailer) -> None:
    caller = client(retailer)
    first, second = adjust(caller, 2, "k-1"), adjust(caller, 2, "k-1")
    assert (first.status_code, first.json()) == (
        201,
        {"sku": JACKET, "location": "WH-A", "on_hand": 10, "reserved": 0},
    )
    assert (second.status_code, second.json()) == (201, first.json())
    problem(adjust(caller, 3, "k-1"), 422, "invalid")
    assert adjust(client(retailer, Role.ADMINISTRATOR), 2, "k-1").json()["on_hand"] == 12
    assert retailer.count(JACKET, "WH-A") == (12, 0)


def test_the_same_key_many_times_at_once_happens_once(retailer: Retailer) -> None:
    caller = client(retailer)
    with ThreadPoolExecutor(5) as threads:
        answers = [each.json() for each in threads.map(lambda _: adjust(caller, 2, "k-1"), range(5))]
    assert answers == [answers[0]] * 5
    assert retailer.count(JACKET, "WH-A") == (10, 0)


def test_a_write_that_failed_may_be_sent_again_under_its_key(retailer: Retailer) -> None:
    caller = client(retailer)
    problem(adjust(caller, -9, "k-1"), 409, "refused")
    adjust(caller, 1)
    assert adjust(caller, -9, "k-1").json()["on_hand"] == 0


@pytest.mark.parametrize(
    ("given", "status", "kind"),
    [
        ({"sku": "NO-SUCH"}, 404, "notfound"),
        ({"location": "NO-SUCH"}, 404, "notfound"),
        ({"set_to": 3}, 422, "invalid"),
        ({"reason": " "}, 422, "invalid"),
        ({"change": 2**70}, 422, "invalid"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    retailer: Retailer, given: dict[str, Any], status: int, kind: str
) -> None:
    problem(adjust(client(retailer), 1, given=given), status, kind)


# What people can do -----------------------------------------------------------------------------------------------


def test_orders_are_searched_and_paged(retailer: Retailer) -> None:
    ids = [retailer.place_order(order_snapshot(line(SHIRT))) for _ in range(3)]
    caller = client(retailer)
    page = caller.get("/api/v1/orders", params={"limit": 2}).json()
    rest = caller.get("/api/v1/orders", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [each["id"] for each in page["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] == ""
    number = retailer.order(ids[1]).header.number
    assert [each["id"] for each in caller.get("/api/v1/orders", params={"q": number}).json()["items"]] == [
        ids[1]
    ]
    assert len(caller.get("/api/v1/orders", params={"q": "Meera"}).json()["items"]) == 3
    assert caller.get("/api/v1/orders", params={"q": "Nobody"}).json()["items"] == []


def test_an_order_is_held_released_noted_and_canceled(retailer: Retailer, order_id: OrderId) -> None:
    caller, path = client(retailer), f"/api/v1/orders/{order_id}"
    assert caller.post(f"{path}/hold", json={"reason": "Call first."}).json() == {
        "order_id": order_id,
        "held": True,
    }
    assert caller.post(f"{path}/release").status_code == 200
    problem(caller.post(f"{path}/release"), 409, "conflict")
    assert caller.post(f"{path}/notes", json={"text": "Called."}).status_code == 201
    assert caller.post(f"{path}/cancel", json={"reason": "wrong size"}).status_code == 200
    assert caller.get(path).json()["status"] == "canceled"
    problem(caller.post(f"{path}/cancel", json={"reason": "again"}), 409, "conflict")


def test_work_goes_from_picking_to_the_carrier(retailer: Retailer, order_id: OrderId) -> None:
    caller = client(retailer)
    (job,) = caller.get("/api/v1/fulfillment-orders", params={"location": "ST-22"}).json()["items"]
    path = f"/api/v1/fulfillment-orders/{job['id']}"
    assert (job["status"], job["actions"], job["version"]) == ("open", ["accept", "reject"], 1)
    assert caller.post(f"{path}/accept", json={"version": 1}).json()["version"] == 2
    stale = problem(caller.post(f"{path}/accept", json={"version": 1}), 409, "conflict")
    assert (stale["state"], stale["version"]) == ("accepted", 2)
    problem(caller.post(f"{path}/pick", json={"code": JACKET}), 422, "invalid")
    for status in ("accepted", "picked"):
        assert caller.post(f"{path}/pick", json={"code": SHIRT}).json()["status"] == status
    assert caller.post(f"{path}/pack", json={}).json() | {"version": 0} == {
        "id": job["id"], "status": "packed", "version": 0, "actions": [],
    }  # fmt: skip
    problem(caller.post(f"{path}/ship", json={}), 409, "refused")
    retailer.settle()
    (shipment,) = [each["shipment_id"] for each in caller.get(path).json()["parcels"]]
    assert caller.get(f"/api/v1/shipments/{shipment}/label.pdf").content.startswith(b"%PDF")
    for _ in range(2):
        assert caller.post(f"{path}/ship", json={}).json()["status"] == "shipped"


def test_work_is_packed_in_several_parcels_that_leave_one_by_one(
    retailer: Retailer, order_id: OrderId
) -> None:
    caller = client(retailer)
    (job,) = caller.get("/api/v1/fulfillment-orders", params={"location": "ST-22"}).json()["items"]
    path, line_no = f"/api/v1/fulfillment-orders/{job['id']}", job["lines"][0]["line_no"]
    caller.post(f"{path}/accept", json={})
    caller.post(f"{path}/pick-all", json={})
    one = {"lines": [{"line_no": line_no, "quantity": 1}]}
    wrong = problem(caller.post(f"{path}/pack", json={"parcels": [one, one, one]}), 422, "invalid")
    assert wrong["title"] == f"Line {line_no} has 2 × {SHIRT}; the parcels hold 3."
    weighed = one | {"weight_grams": 450, "size": {"length_mm": 300, "width_mm": 200, "height_mm": 50}}
    assert caller.post(f"{path}/pack", json={"parcels": [one, weighed]}).json()["status"] == "packed"
    retailer.settle()
    first, second = caller.get(path).json()["parcels"]
    assert (second["weight_grams"], second["contents"], second["label"]) == (450, {SHIRT: 1}, "purchased")
    for _ in range(2):
        answer = caller.post(f"/api/v1/shipments/{second['shipment_id']}/ship").json()
        assert answer["dispatched_at"] is not None
    assert caller.get(path).json()["status"] == "packed"
    assert caller.post(f"{path}/ship", json={}).json()["status"] == "shipped"
    (group,) = [each for each in caller.get(f"/api/v1/orders/{order_id}").json()["fulfillment_orders"]
                if each["id"] == job["id"]]  # fmt: skip
    assert [each["tracking_number"] for each in group["parcels"]] == [
        first["tracking_number"],
        second["tracking_number"],
    ]
    shipments = caller.get(f"/api/v1/shipments/{first['shipment_id']}").json()
    assert shipments["lines"] == [{"line_no": line_no, "sku": SHIRT, "quantity": 1}]


def test_work_is_rejected_with_a_reason_of_the_list(retailer: Retailer, order_id: OrderId) -> None:
    caller = client(retailer)
    (job,) = caller.get("/api/v1/fulfillment-orders", params={"location": "WH-A"}).json()["items"]
    path = f"/api/v1/fulfillment-orders/{job['id']}/reject"
    problem(caller.post(path, json={"reason": "no mood"}), 422, "invalid")
    assert caller.post(path, json={"reason": "no_capacity"}).json()["status"] == "rejected"


def test_a_return_is_received_inspected_and_refunded(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 2)))
    retailer.report_return(order_id)
    caller, path = client(retailer), "/api/v1/returns/1"
    findings = {
        "inspections": [{"return_line_no": 1, "quantity": 1, "grade": "new", "disposition": "restock"}]
    }
    problem(
        client(retailer, Role.LOCATION_STAFF, "ST-13").post(f"{path}/receive", json={}), 403, "notallowed"
    )
    problem(caller.post(f"{path}/inspect", json=findings), 409, "conflict")
    assert caller.post(f"{path}/receive", json={"location": "ST-13"}).json()["custody"] == "received"
    assert caller.post(f"{path}/inspect", json=findings).json()["custody"] == "inspected"
    retailer.settle()
    assert caller.get(path).json()["status"] == "refunded"
    problem(caller.post("/api/v1/refunds/1/retry"), 409, "conflict")


def test_dead_letters_are_listed_and_retried(retailer: Retailer) -> None:
    retailer.client("mail").partner.fail(Fault.ERROR)
    retailer.receive("shop", "order", order_snapshot(), b"{")
    retailer.settle()
    caller = client(retailer)
    letters = caller.get("/api/v1/dead-letters").json()["items"]
    assert sorted((each["source"], each["error_class"]) for each in letters) == [
        ("delivery", "data"),
        ("inbox", "data"),
    ]
    inbox = next(each["id"] for each in letters if each["source"] == "inbox")
    assert caller.get(f"/api/v1/dead-letters/inbox/{inbox}").status_code == 200
    problem(caller.post("/api/v1/dead-letters/retry", json={}), 422, "invalid")
    assert caller.post("/api/v1/dead-letters/retry", json={"error_class": "data"}).json() == {"retried": 2}
    retailer.settle()
    assert [each["source"] for each in caller.get("/api/v1/dead-letters").json()["items"]] == ["inbox"]
    assert caller.post("/api/v1/dead-letters/discard", json={"messages": [inbox]}).json() == {"discarded": 1}


def test_the_interface_describes_itself(retailer: Retailer) -> None:
    described = client(retailer).get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    operations = [
        (path, verb, each) for path, verbs in described["paths"].items() for verb, each in verbs.items()
    ]
    assert len(operations) > 20
    assert [
        (path, verb)
        for path, verb, each in operations
        if not each.get("summary") or not each.get("description")
    ] == []
    assert all(path.startswith("/api/v1/") for path, _, _ in operations)


def test_an_amount_of_an_unknown_currency_has_no_minor_units() -> None:
    assert shapes.money(149900, "INR").model_dump() == {
        "amount": "1499.00", "amount_minor": 149900, "currency": "INR",
    }  # fmt: skip
    assert shapes.money(5000000, "ZZZ").model_dump() == {
        "amount": "500", "amount_minor": None, "currency": "ZZZ",
    }  # fmt: skip
    assert shapes.money(7, "").model_dump() == {"amount": "7", "amount_minor": 7, "currency": ""}


def test_a_hold_without_a_reason_names_the_field(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    answer = client(retailer).post(f"/api/v1/orders/{order_id}/hold", json={"reason": " "})
    assert problem(answer, 422, "invalid")["field"] == "reason"
