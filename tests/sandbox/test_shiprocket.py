"""Shiprocket compared with its samples: orders, AWBs, pickups, labels, tracking and the webhook's quirks."""

from __future__ import annotations

import copy

import httpx
import pytest
from tests.partners import running
from tests.sandbox.conftest import misfits, sample

ITEM = {
    "name": "White Graphic T-shirt",
    "sku": "GT-WH-02",
    "units": 2,
    "selling_price": "599",
    "hsn": "610910",
}
PERSON = {
    "customer_name": "Meera",
    "address": "12 Lodhi Road",
    "city": "New Delhi",
    "pincode": "110003",
    "state": "Delhi",
    "country": "India",
    "phone": "9812345678",
    "email": "meera@example.com",
}
ORDER = {
    "order_id": "1001-2",
    "order_date": "2026-01-02",
    "pickup_location": "Store 22",
    **{f"billing_{key}": value for key, value in PERSON.items()},
    "shipping_is_billing": True,
    "order_items": [ITEM],
    "payment_method": "Prepaid",
    "sub_total": 1198,
    "length": 30,
    "breadth": 20,
    "height": 5,
    "weight": 0.5,
}
RETURN = {
    **{key: value for key, value in ORDER.items() if not key.startswith("billing_")},
    "order_id": "R1001-1",
    **{f"{side}_{key}": value for side in ("pickup", "shipping") for key, value in PERSON.items()},
}


def create(shiprocket, **more):
    return shiprocket.post("/orders/create/adhoc", json={**ORDER, **more})


def assigned(shiprocket, **more):
    shipment = create(shiprocket, **more).json()["shipment_id"]
    answer = shiprocket.post("/courier/assign/awb", json={"shipment_id": shipment})
    return shipment, answer.json()


def test_a_login_is_valid_for_ten_days(partners, shiprocket, tmp_path, monkeypatch):
    assert shiprocket.get("/orders").status_code == 200
    file = tmp_path / "clock"
    file.write_text(str(241 * 3600), encoding="utf-8")
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(file))
    assert shiprocket.get("/orders").status_code == 401


@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Bearer a.b.c"])
def test_without_a_good_token_nothing_opens(partners, token):
    url = partners.url("shiprocket") + "/v1/external/orders"
    assert httpx.get(url, headers={"Authorization": token}, trust_env=False).status_code == 401


def test_a_wrong_password_is_refused(partners):
    url = partners.url("shiprocket") + "/v1/external/auth/login"
    answer = httpx.post(url, json={"email": "x", "password": "y"}, trust_env=False)
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid email and password combination")


@pytest.mark.parametrize(
    ("file", "call"),
    [
        ("courier.serviceability", lambda s: s.get("/courier/serviceability/", params=PINCODES)),
        ("orders.create_custom_order", create),
        ("returns.create_return_order", lambda s: s.post("/orders/create/return", json=RETURN)),
    ],
)
def test_first_answers_have_the_shape_of_the_samples(shiprocket, file, call):
    assert misfits(call(shiprocket).json(), sample(f"shiprocket/api/{file}.json")["response"]) == []


PINCODES = {"pickup_postcode": "110001", "delivery_postcode": "560034", "weight": "0.5", "cod": "0"}


def test_a_shipments_answers_have_the_shape_of_the_samples(shiprocket):
    shipment, awb = assigned(shiprocket)
    answers = {
        "courier.assign_awb": awb,
        "courier.generate_pickup": shiprocket.post(
            "/courier/generate/pickup", json={"shipment_id": [shipment]}
        ).json(),
        "shipment.generate_label": shiprocket.post(
            "/courier/generate/label", json={"shipment_id": [shipment]}
        ).json(),
        "shipment.generate_manifest": shiprocket.post(
            "/manifests/generate", json={"shipment_id": [shipment]}
        ).json(),
        "shipment.get_shipment_detail": shiprocket.get(f"/shipments/{shipment}").json(),
    }
    wrong = {
        file: found
        for file, ours in answers.items()
        if (found := misfits(ours, sample(f"shiprocket/api/{file}.json")["response"]))
    }
    assert wrong == {}


def test_an_order_id_makes_one_order_and_dies_with_it(partners, shiprocket):
    first, second = (create(shiprocket).json() for _ in range(2))
    assert second == first
    assert len(partners.state("shiprocket")["shipments"]) == 1
    assert shiprocket.post("/orders/cancel", json={"ids": [first["order_id"]]}).status_code == 200
    assert create(shiprocket).status_code == 422


def test_a_bad_order_names_every_field(shiprocket):
    answer = create(
        shiprocket, billing_pincode="11000", billing_phone="123", weight=0, sub_total="", order_id="x" * 51
    )
    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "status_code", "errors"}
    assert set(answer.json()["errors"]) == {
        "billing_pincode",
        "billing_phone",
        "weight",
        "sub_total",
        "order_id",
    }


def test_a_second_awb_is_refused(partners, shiprocket):
    partners.act("shiprocket", "script", next_awbs=["SRK5678PQR", "SRK0000AAA"])
    shipment, first = assigned(shiprocket)
    assert first["response"]["data"]["awb_code"] == "SRK5678PQR"
    second = shiprocket.post("/courier/assign/awb", json={"shipment_id": shipment})
    assert (second.status_code, second.json()["message"]) == (400, "AWB is already assigned")
    assert shiprocket.get(f"/shipments/{shipment}").json()["data"]["awb"] == "SRK5678PQR"


def test_an_awb_may_come_later(partners, shiprocket):
    partners.act("shiprocket", "script", async_awb=True, next_awbs=["SRK5678PQR"])
    shipment, answer = assigned(shiprocket)
    assert misfits(answer, sample("shiprocket/api/courier.assign_awb_async_variant.json")["response"]) == []
    assert shiprocket.get(f"/shipments/{shipment}").json()["data"]["awb"] == "SRK5678PQR"


def test_a_second_pickup_is_a_duplicate(shiprocket):
    shipment, _ = assigned(shiprocket)
    answers = [
        shiprocket.post("/courier/generate/pickup", json={"shipment_id": [shipment]}) for _ in range(2)
    ]
    assert answers[0].json()["pickup_status"] == 1
    assert answers[1].json() == sample("shiprocket/api/courier.generate_pickup_duplicate.json")["response"]


def test_a_label_is_a_pdf_and_needs_an_awb(shiprocket):
    bare = create(shiprocket, order_id="bare").json()["shipment_id"]
    shipment, _ = assigned(shiprocket)
    none = shiprocket.post("/courier/generate/label", json={"shipment_id": [bare]}).json()
    assert (none["label_created"], none["not_created"]) == (0, [bare])
    both = shiprocket.post("/courier/generate/label", json={"shipment_id": [bare, shipment]}).json()
    assert both["not_created"] == [bare]
    assert httpx.get(both["label_url"], trust_env=False).content.startswith(b"%PDF")


def test_lists_find_the_callers_own_id(shiprocket):
    create(shiprocket)
    create(shiprocket, order_id="1002-1")
    shiprocket.post("/orders/create/return", json=RETURN)
    found = shiprocket.get("/orders", params={"search": "1001-2"}).json()
    assert [one["channel_order_id"] for one in found["data"]] == ["1001-2"]
    shown = shiprocket.get(f"/orders/show/{found['data'][0]['id']}").json()["data"]
    assert shown == found["data"][0]
    returns = shiprocket.get("/orders/processing/return").json()
    assert [one["status"] for one in returns["data"]] == ["RETURN PENDING"]


def scanned(partners, shiprocket, receiver, **options):
    partners.act("shiprocket", "webhooks", url=receiver.url)
    partners.act("shiprocket", "script", next_awbs=["19041424751540"], **options)
    assigned(shiprocket)
    for status, hour in [("picked_up", 9), ("in_transit", 12), ("delivered", 18)]:
        at = f"2026-01-03T{hour:02}:30:00+05:30"
        partners.act("shiprocket", "scan", awb="19041424751540", status=status, at=at, location="Delhi")
    partners.settle("shiprocket")
    return [hook.json() for hook in receiver.hooks]


def test_the_hook_has_the_shape_of_the_official_sample(partners, shiprocket, receiver):
    hooks = scanned(partners, shiprocket, receiver)
    theirs = sample("shiprocket/webhooks/official-in-transit.json")
    assert misfits(hooks[1], theirs) == []
    numbers = ("current_status", "current_status_id", "shipment_status_id", "is_return")
    assert {key: hooks[1][key] for key in numbers} == {key: theirs[key] for key in numbers}
    assert hooks[1]["current_timestamp"] == "03 01 2026 12:30:00"
    token = partners.ready["shiprocket"]["webhook_token"]
    assert receiver.hooks[0].headers["x-api-key"] == token


def test_every_webhook_has_the_complete_history_oldest_first(partners, shiprocket, receiver):
    hooks = scanned(partners, shiprocket, receiver)
    assert [[scan["sr-status"] for scan in hook["scans"]] for hook in hooks] == [
        ["42"],
        ["42", "18"],
        ["42", "18", "7"],
    ]


def test_the_hook_can_take_its_other_forms(partners, shiprocket, receiver):
    hooks = scanned(
        partners, shiprocket, receiver, awb_as_integer=True, timestamp_form="panel", scan_status="none"
    )
    assert hooks[2]["awb"] == 19041424751540
    assert hooks[2]["current_timestamp"] == "2026-01-03 18:30:00"
    assert "sr-status" not in hooks[2]["scans"][0]


def test_tracking_is_newest_first_and_may_be_wrapped(partners, shiprocket, receiver):
    scanned(partners, shiprocket, receiver)
    theirs = sample("shiprocket/api/shipment.track_by_awb.json")["response"]
    ours = shiprocket.get("/courier/track/awb/19041424751540").json()
    bare = copy.deepcopy(ours)
    assert bare["tracking_data"].pop("etd")
    assert misfits(bare, theirs) == []
    assert [one["sr-status"] for one in ours["tracking_data"]["shipment_track_activities"]] == [
        "7",
        "18",
        "42",
    ]
    partners.act("shiprocket", "script", tracking_in_list=True)
    assert shiprocket.get("/courier/track/awb/19041424751540").json() == [ours]


def test_an_unknown_awb_is_tracked_as_nothing(shiprocket):
    answer = shiprocket.get("/courier/track/awb/NONE")
    assert answer.status_code == 200
    assert answer.json()["tracking_data"]["track_status"] == 0


def test_a_return_is_delivered_back_in_its_own_flow(partners, shiprocket, receiver):
    partners.act("shiprocket", "webhooks", url=receiver.url)
    shipment = shiprocket.post("/orders/create/return", json=RETURN).json()["shipment_id"]
    awb = shiprocket.post("/courier/assign/awb", json={"shipment_id": shipment, "is_return": 1}).json()
    number = awb["response"]["data"]["awb_code"]
    partners.act("shiprocket", "scan", awb=number, status="delivered")
    partners.settle("shiprocket")
    hook = receiver.hooks[0].json()
    assert (hook["is_return"], hook["shipment_status_id"], hook["order_id"]) == (1, 7, "R1001-1")


def test_a_late_scan_does_not_turn_the_shipment_back(partners, shiprocket, receiver):
    hooks = scanned(partners, shiprocket, receiver)
    at = "2026-01-03T10:00:00+05:30"
    partners.act("shiprocket", "scan", awb="19041424751540", status="shipped", at=at)
    partners.settle("shiprocket")
    assert hooks[2]["shipment_status_id"] == receiver.hooks[-1].json()["shipment_status_id"] == 7


def test_an_address_with_the_vendors_name_is_refused(partners, shiprocket):
    partners.act("shiprocket", "script", next_awbs=["19041424751540"])
    assigned(shiprocket)
    partners.act("shiprocket", "webhooks", url="http://127.0.0.1:9/hooks/shiprocket")
    with pytest.raises(AssertionError, match=r"422.*refuses hook addresses"):
        partners.act("shiprocket", "scan", awb="19041424751540", status="delivered")


def test_known_pickup_locations_are_insisted_on():
    with running(
        {"shiprocket": {"pickup_locations": [{"pickup_location": "Store 22"}]}}, ["shiprocket"]
    ) as partners:
        ready = partners.ready["shiprocket"]
        with httpx.Client(base_url=ready["url"] + "/v1/external", trust_env=False) as client:
            login = client.post("/auth/login", json={key: ready[key] for key in ("email", "password")}).json()
            client.headers["Authorization"] = f"Bearer {login['token']}"
            assert create(client).status_code == 200
            assert create(client, order_id="other", pickup_location="Nowhere").status_code == 422
            listed = client.get("/settings/company/pickup").json()["data"]["shipping_address"]
    assert [place["pickup_location"] for place in listed] == ["Store 22"]
