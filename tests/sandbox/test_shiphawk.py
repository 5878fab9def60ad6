"""ShipHawk: rates like its sample, labels bought by rate, scans that send the status webhook with a password."""

from __future__ import annotations

import base64

import httpx
import pytest
from tests.sandbox.conftest import misfits, sample

ITEM = {
    "item_type": "parcel",
    "length": 10,
    "width": 8,
    "height": 4,
    "weight": 2,
    "weight_uom": "lbs",
    "quantity": 1,
}
FROM = {"name": "Warehouse A", "street1": "Plot 9", "city": "Mumbai", "zip": "400093"}
TO = {"name": "Meera Nair", "street1": "12 Lodhi Road", "city": "New Delhi", "zip": "110003"}


def buy(shiphawk, **more):
    body = {"items": [ITEM], "origin_address": {"zip": "400093"}, "destination_address": {"zip": "110003"}}
    rate = shiphawk.post("/rates", json=body).json()["rates"][0]
    return shiphawk.post(
        "/shipments", json={"rate_id": rate["id"], "origin_address": FROM, "destination_address": TO, **more}
    )


def test_rates_have_the_shape_of_the_sample(shiphawk):
    pair = sample("shiphawk/rates.request-response.json")
    answer = shiphawk.post("/rates", json=pair["request"])
    assert misfits(answer.json(), pair["response"]) == []
    error = shiphawk.post("/rates", json={})
    assert error.status_code == 422
    assert misfits(error.json(), pair["error"]) == []


def test_a_shipment_has_the_next_tracking_number_and_a_label(partners, shiphawk):
    partners.act("shiphawk", "script", next_tracking_numbers=["SHK1245XYZ"])
    made = buy(shiphawk, reference="1001-1").json()
    assert (made["tracking_number"], made["status"], made["reference"]) == (
        "SHK1245XYZ",
        "confirmed",
        "1001-1",
    )
    assert shiphawk.get(f"/shipments/{made['id']}").json() == made
    (label,) = shiphawk.get(f"/shipments/{made['id']}/labels").json()
    document = httpx.get(label["url"], trust_env=False)
    assert document.headers["content-type"] == "application/pdf"
    assert document.content.startswith(b"%PDF-1.4")


def test_nothing_is_idempotent_but_a_reference_finds_what_was_bought(shiphawk):
    numbers = {buy(shiphawk, reference="1001-1").json()["tracking_number"] for _ in range(2)}
    assert len(numbers) == 2
    buy(shiphawk, reference="1001-2")
    found = shiphawk.get("/shipments", params={"reference": "1001-1"}).json()
    assert {one["tracking_number"] for one in found} == numbers
    assert [
        len(shiphawk.get("/shipments", params={"per_page": 2, "page": page}).json()) for page in (1, 2)
    ] == [2, 1]


def test_a_rate_lives_two_hours(shiphawk, tmp_path, monkeypatch):
    body = {"items": [ITEM], "origin_address": {"zip": "400093"}, "destination_address": {"zip": "110003"}}
    rate = shiphawk.post("/rates", json=body).json()["rates"][0]
    file = tmp_path / "clock"
    file.write_text("7300", encoding="utf-8")
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(file))
    body = {"rate_id": rate["id"], "origin_address": FROM, "destination_address": TO}
    answer = shiphawk.post("/shipments", json=body)
    assert answer.status_code == 422
    assert "expired" in answer.json()["error"]


@pytest.mark.parametrize("more", [{"rate_id": "rate_none"}, {"destination_address": {"zip": "110003"}}])
def test_a_bad_shipment_buys_nothing(partners, shiphawk, more):
    answer = buy(shiphawk, **more)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    assert partners.state("shiphawk")["shipments"] == {}


def test_scans_move_the_shipment_and_send_the_hook_on_change(partners, shiphawk, receiver):
    theirs = sample("shiphawk/webhooks/shipment.status_update.json")
    partners.act("shiphawk", "webhooks", url=receiver.url)
    made = buy(shiphawk).json()
    number = made["tracking_number"]
    for status, at in [
        ("picked_up", "2026-01-02T10:00:00+05:30"),
        ("out_for_delivery", "2026-01-03T08:00:00+05:30"),
    ]:
        partners.act("shiphawk", "scan", tracking_number=number, status=status, at=at, location="Delhi")
    partners.act(
        "shiphawk", "scan", tracking_number=number, status="delivered", at="2026-01-03T12:00:00+05:30"
    )
    partners.settle("shiphawk")
    assert [hook.json()["status"] for hook in receiver.hooks] == ["in_transit", "delivered"]
    assert misfits(receiver.hooks[0].json(), theirs) == []
    assert receiver.hooks[1].json()["updated_at"] == "2026-01-03T12:00:00.000+05:30"
    tracking = shiphawk.get(f"/shipments/{made['id']}/tracking").json()
    assert tracking["status"] == "delivered"
    assert [one["message"] for one in tracking["events"]] == ["Picked up", "Out for delivery", "Delivered"]


def test_hooks_prove_themselves_by_password(partners, shiphawk, receiver):
    partners.act("shiphawk", "webhooks", url=receiver.url, wrong_signature_next=1)
    number = buy(shiphawk).json()["tracking_number"]
    for status in ("in_transit", "delivered"):
        partners.act("shiphawk", "scan", tracking_number=number, status=status)
    partners.settle("shiphawk")
    ready = partners.ready["shiphawk"]
    pair = f"{ready['webhook_user']}:{ready['webhook_password']}".encode()
    right = "Basic " + base64.b64encode(pair).decode()
    assert [hook.headers["authorization"] == right for hook in receiver.hooks] == [False, True]


def test_a_shipment_can_be_cancelled_until_it_moves(partners, shiphawk):
    still, moving = buy(shiphawk).json(), buy(shiphawk).json()
    partners.act("shiphawk", "scan", tracking_number=moving["tracking_number"], status="in_transit")
    assert shiphawk.delete(f"/shipments/{still['id']}").json()["status"] == "cancelled"
    assert shiphawk.delete(f"/shipments/{moving['id']}").status_code == 422


def test_webhooks_are_kept_changed_and_deleted(partners, shiphawk, receiver):
    body = {"callback_url": receiver.url, "events": ["shipment.tracking_update"], "use_basic_auth": True}
    made = shiphawk.post("/webhooks", json=body).json()
    number = buy(shiphawk).json()["tracking_number"]
    partners.act("shiphawk", "scan", tracking_number=number, status="in_transit")
    partners.settle("shiphawk")
    assert [hook.json()["event"] for hook in receiver.hooks] == ["shipment.tracking_update"]
    shiphawk.post(f"/webhooks/{made['id']}", json={"events": []})
    assert shiphawk.get("/webhooks").json() == [{**made, "events": []}]
    shiphawk.delete(f"/webhooks/{made['id']}")
    assert shiphawk.get(f"/webhooks/{made['id']}").status_code == 404


def test_an_unauthenticated_client_is_refused(partners):
    answer = httpx.get(partners.url("shiphawk") + "/api/v4/shipments", trust_env=False)
    assert (answer.status_code, set(answer.json())) == (401, {"error"})
