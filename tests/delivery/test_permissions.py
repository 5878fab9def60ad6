"""Who may do what, from one table: every route, every role, objects of one's own location and of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from tests.builders import JACKET, NOON, SHIRT, Retailer, Shop, line, order_snapshot
from tests.delivery.test_api import client
from tests.delivery.test_api_stock_work import ask
from tests.delivery.test_console import sign_in, token_in

from doorstep import processes
from doorstep.delivery.api import application
from doorstep.delivery.api.permissions import REQUIRED
from doorstep.delivery.console import app as console
from doorstep.delivery.console.routes import Read, Verb
from doorstep.domain.identity.model import PERMISSIONS, Role
from doorstep.domain.network import views

SOON = NOON + timedelta(days=3)
STORE, HUB, OTHER = "ST-22", "WH-A", "ST-13"
Route = tuple[str, str, str]
# The role lacks it, or the location does: two sentences.
ROLE = "Your role ("


def operations() -> list[Route]:
    """Method, path and name of every operation of the API."""
    return [
        (method, f"/api/v1{each.path}", each.name)
        for module in application._MODULES
        for each in module.router.routes
        if isinstance(each, APIRoute)
        for method in sorted(each.methods)
    ]


@pytest.fixture
def roomy(retailer: Retailer) -> Retailer:
    """The retailer, with room for many calls."""
    settings = retailer.app.settings.model_copy(update={"requests_per_second": 100_000})
    retailer.app = replace(retailer.app, settings=settings)
    return retailer


@pytest.mark.parametrize("role", list(Role))
def test_an_operation_is_for_the_roles_of_the_table(roomy: Retailer, role: Role) -> None:
    caller = client(roomy, role, STORE if role is Role.LOCATION_STAFF else None)
    wrong = []
    for method, path, name in operations():
        answer = caller.request(method, re.sub(r"{[^}]+}", "1", path))
        is_refused = answer.status_code == 403 and answer.json()["title"].startswith(ROLE)
        if is_refused == (set(REQUIRED[name]) <= PERMISSIONS[role]):
            wrong.append((name, answer.status_code, answer.text[:100]))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_a_page_is_for_the_roles_of_the_table(shop: Shop, role: Role) -> None:
    settings = shop.app.settings.model_copy(update={"requests_per_second": 100_000})
    browser = TestClient(
        processes.web(replace(shop.app, settings=settings)),
        follow_redirects=False,
        raise_server_exceptions=False,
    )
    assert sign_in(browser, role) == 303
    wrong = []
    for each in console.ROUTES:
        path = "/console" + re.sub(r"{[^}]+}", "1", each.path)
        if each.path == "/logout":
            continue
        answer = browser.get(path) if isinstance(each, Read) else browser.post(path, data={"csrf": "forged"})
        is_refused = answer.status_code == 403 and ROLE in answer.text
        may = each.permission is None or each.permission in PERMISSIONS[role]
        if is_refused == may:
            wrong.append((each.path, answer.status_code))
        if isinstance(each, Verb) and may and answer.status_code != 403:
            wrong.append((each.path, "forged", answer.status_code))
    assert wrong == []


# Objects --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """Staff of a store, and ids of objects at their location and elsewhere, by the name in the path."""

    retailer: Retailer
    staff: TestClient
    own: dict[str, object]
    foreign: dict[str, object]


@pytest.fixture
def world(roomy: Retailer) -> World:
    """An order in two halves: a jacket from the hub, two shirts from the store; and stock work at both."""
    office = client(roomy)
    order_id = roomy.place_order()
    work = {each.location_id: each for each in roomy.work(order_id)}
    here, there = (work[roomy.location_ids[code]] for code in (STORE, HUB))
    for each in (here, there):
        roomy.pack(each)
    roomy.settle()
    parcels = {each.location_id: each.id for each in roomy.parcels(order_id)}
    own: dict[str, object] = {"order_id": order_id}
    foreign: dict[str, object] = {"order_id": elsewhere(roomy)}
    for ids, code, each in ((own, STORE, here), (foreign, HUB, there)):
        ids |= {
            "fulfillment_order_id": each.id,
            "shipment_id": parcels[roomy.location_ids[code]],
            "code": code,
        }
        lines = [{"sku": SHIRT, "quantity": 1}]
        goods = {"location": code, "lines": lines}
        ids["receipt_id"] = ask(office, "/receipts", goods, 201)["id"]
        plan = {"origin": code, "destination": OTHER, "lines": lines}
        ids["transfer_id"] = ask(office, "/transfers", plan, 201)["id"]
        count = {"location": code, "title": "Aisle 1", "skus": [SHIRT]}
        ids["count_id"] = ask(office, "/counts", count, 201)["id"]
        ids["return_id"] = a_return(roomy, order_id, code)
    return World(roomy, client(roomy, Role.LOCATION_STAFF, STORE), own, foreign)


def elsewhere(retailer: Retailer) -> int:
    """An order in which the store has no part."""
    return retailer.place_order(order_snapshot(line(JACKET, 1)))


def a_return(retailer: Retailer, order_id: int, code: str) -> int:
    """A return of one unit that is expected at a location."""
    head = """
        INSERT INTO returns (order_id, connection_id, external_id, number, reason, location_id, created_at, version_at, channel_status)
        SELECT o.id, o.connection_id, %s, %s, '', %s, now(), now(), 'open' FROM orders o WHERE o.id = %s RETURNING id
        """
    line = """
        INSERT INTO return_lines (return_id, return_line_no, order_id, line_no, external_return_line_id, sku, quantity, reason, note)
        SELECT %s, 1, order_id, line_no, '', sku, 1, '', '' FROM order_lines WHERE order_id = %s AND sku = %s
        """
    location = retailer.location_ids.get(code)
    made = retailer.write(lambda tx: tx.value(int, head, (f"back {code}", f"R-{code}", location, order_id)))
    retailer.write(lambda tx: tx.execute(line, (made, order_id, SHIRT)))
    return made


BODIES: dict[str, Any] = {
    "pick_units": {"code": SHIRT},
    "reject_fulfillment_order": {"reason": "damaged"},
    "record_count": {"found": [{"code": SHIRT, "quantity": 1}]},
    "change_transfer_lines": {"lines": [{"sku": SHIRT, "quantity": 2}]},
    "inspect_return": {
        "inspections": [{"return_line_no": 1, "quantity": 1, "grade": "new", "disposition": "restock"}]
    },
    "pause_location": {"until": SOON.isoformat(), "reason": "flood"},
}


def reachable(world: World) -> Iterator[tuple[Route, str]]:
    """Operations of staff that name an object in their path, and the name of its id."""
    for method, path, name in operations():
        ids = re.findall(r"{(\w+)", path)
        if ids and set(REQUIRED[name]) <= PERMISSIONS[Role.LOCATION_STAFF] and ids[0] in world.foreign:
            yield (method, path, name), ids[0]


def changes(retailer: Retailer) -> list[dict[str, object]]:
    return retailer.read(
        lambda tx: tx.rows("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM stock_movements)")
    )


def test_objects_of_other_locations_are_closed_to_staff(world: World) -> None:
    before = changes(world.retailer)
    answers = {
        name: world.staff.request(
            method, re.sub(r"{[^}]+}", str(world.foreign[which]), path, count=1), json=BODIES.get(name, {})
        )
        for (method, path, name), which in reachable(world)
    }
    assert len(answers) > 20
    assert {name: each.text for name, each in answers.items() if each.status_code not in {403, 404}} == {}
    assert changes(world.retailer) == before


def test_objects_of_their_location_are_open_to_staff(world: World) -> None:
    answers = {
        name: world.staff.request(
            method, re.sub(r"{[^}]+}", str(world.own[which]), path, count=1), json=BODIES.get(name, {})
        )
        for (method, path, name), which in reachable(world)
    }
    assert {name: each.text for name, each in answers.items() if each.status_code in {401, 403, 404}} == {}


@pytest.mark.parametrize(
    "path",
    ["/receipts", "/counts", "/inventory", "/shipments", "/returns", "/fulfillment-orders", "/transfers"],
)
def test_lists_of_staff_hold_their_location_only(world: World, path: str) -> None:
    takes_location = path not in {"/shipments", "/returns"}
    found = world.staff.get(f"/api/v1{path}", params={"location": STORE} if takes_location else {})
    assert found.status_code == 200
    assert HUB not in found.text
    if takes_location:
        assert world.staff.get(f"/api/v1{path}", params={"location": HUB}).status_code == 403


def test_a_return_without_a_location_is_for_the_office(world: World) -> None:
    unassigned = a_return(world.retailer, int(str(world.own["order_id"])), "")
    assert world.staff.get(f"/api/v1/returns/{unassigned}").status_code == 403
    assert (
        world.staff.post(f"/api/v1/returns/{unassigned}/receive", json={"location": STORE}).status_code == 403
    )
    assert client(world.retailer).get(f"/api/v1/returns/{unassigned}").status_code == 200


# Every way in which stock changes ----------------------------------------------------------------------------------------


def sellable(retailer: Retailer, sku: str = SHIRT, code: str = STORE) -> int:
    return sum(retailer.count(sku, code, condition)[0] for condition in ("new", "b_grade"))


def test_staff_do_not_set_stock(world: World) -> None:
    before = sellable(world.retailer)
    line = {"sku": SHIRT, "location": STORE, "quantity": 5555}
    feed = {"source": "x", "as_of": NOON.isoformat(), "mode": "set", "lines": [line]}
    ask(world.staff, "/inventory/feeds", feed, 403)
    ask(
        world.staff,
        "/inventory/adjustments",
        {"sku": SHIRT, "location": STORE, "change": 5, "reason": "found"},
        403,
    )
    ask(world.staff, "/receipts", {"location": STORE, "lines": [{"sku": SHIRT, "quantity": 7777}]}, 403)
    goods = {"location": STORE, "lines": [{"sku": SHIRT, "quantity": 7777}], "reference": "invented"}
    ask(world.staff, "/receipts", goods, 403)
    upload = world.staff.post(
        "/api/v1/imports", params={"kind": "stock", "file_name": "a.csv"}, content=b"sku,on_hand\n"
    )
    assert upload.status_code == 403
    assert sellable(world.retailer) == before


def test_units_beyond_a_document_go_to_quarantine_and_stay_there(world: World) -> None:
    before = sellable(world.retailer)
    supply = {"kind": "purchase_order", "number": "PO-9", "line_no": 1, "sku": SHIRT, "location": STORE, "quantity": 3,
              "eta_date": f"{SOON.date()}"}  # fmt: skip
    ask(client(world.retailer), "/supplies", {"lines": [supply]}, method="PUT")
    goods = {
        "location": STORE,
        "document": "purchase_order",
        "reference": "PO-9",
        "lines": [{"sku": SHIRT, "quantity": 7777}],
    }
    lines = ask(world.staff, "/receipts", goods, 201)["lines"]
    assert [(each["condition"], each["received"]) for each in lines] == [("new", 3), ("quarantine", 7774)]
    assert lines[1]["reason"] == "More than PO-9"
    change = {"sku": SHIRT, "location": STORE, "before": "quarantine", "after": "new", "quantity": 7774}
    ask(world.staff, "/inventory/condition-changes", {"changes": [change], "reason": "looks fine"}, 403)
    assert sellable(world.retailer) == before + 3
    damaged = change | {"after": "damaged", "quantity": 1}
    ask(world.staff, "/inventory/condition-changes", {"changes": [damaged], "reason": "wet"}, 201)
    ask(
        client(world.retailer),
        "/inventory/condition-changes",
        {"changes": [change | {"quantity": 10}], "reason": "ours"},
        201,
    )
    assert sellable(world.retailer) == before + 13


def test_the_office_receives_surplus_as_it_came(world: World) -> None:
    before = sellable(world.retailer)
    goods = {"location": STORE, "lines": [{"sku": SHIRT, "quantity": 7}]}
    ask(client(world.retailer), "/receipts", goods, 201)
    assert sellable(world.retailer) == before + 7


@pytest.mark.parametrize("location", [STORE, OTHER])
def test_a_draft_is_changed_and_canceled_at_both_of_its_locations(world: World, location: str) -> None:
    plan = {"origin": OTHER, "destination": STORE, "lines": [{"sku": SHIRT, "quantity": 1}]}
    staff = client(world.retailer, Role.LOCATION_STAFF, location)
    key = ask(staff, "/transfers", plan, 201)["id"]
    ask(staff, f"/transfers/{key}/lines", {"lines": [{"sku": SHIRT, "quantity": 2}]}, method="PUT")
    asked = staff.post(f"/api/v1/transfers/{key}/request", json={})
    assert (asked.status_code == 403) is (location == STORE)
    ask(staff, f"/transfers/{key}/cancel", {}, 200)


def test_the_lines_of_a_transfer_to_another_location_are_not_shown_when_receiving(shop: Shop) -> None:
    browser = TestClient(processes.web(shop.app), follow_redirects=False)
    office = TestClient(processes.web(shop.app), follow_redirects=False)
    sign_in(office)
    sign_in(browser, Role.LOCATION_STAFF)
    locations = {each.code: each.id for each in _locations(shop)}
    csrf = token_in(office.get("/console/transfers").text)
    form = {"csrf": csrf, "origin": locations[HUB], "destination": locations[OTHER], "lines": f"{SHIRT} 1"}
    made = office.post("/console/transfers/draft", data=form).headers["location"].rpartition("/")[2]
    mine = next(
        number
        for number in locations.values()
        if browser.get(f"/console/receiving/new?location={number}").status_code == 200
    )
    page = browser.get("/console/receiving/new", params={"location": mine, "document": f"transfer:{made}"})
    assert page.status_code == 422
    assert SHIRT not in page.text


def _locations(shop: Shop) -> list[Any]:
    with shop.app.db.read() as tx:
        return list(views.locations(tx).values())
