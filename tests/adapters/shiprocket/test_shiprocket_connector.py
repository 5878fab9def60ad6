"""Shiprocket step by step: each call can be repeated, and a bought label is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.adapters import parcels, scripted

from doorstep.adapters.carriers.shiprocket import connector
from doorstep.domain.connections.model import ACCEPTED, REFUSED, InboundRequest
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors, http

TOKEN = {"token": "jwt-1"}
CREATED = {"order_id": 1, "shipment_id": 5, "status": "NEW", "awb_code": None, "courier_name": None}
ASSIGNED = {"awb_assign_status": 1, "response": {"data": {"awb_code": "70010001", "courier_name": "Acme"}}}
LATER = {"success": True, "message": "We are processing your request"}
PICKUP = {"pickup_status": 1}
DUPLICATE = {"message": "Duplicate request for pickup generation"}


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


@pytest.fixture
def carrier(script: scripted.Script) -> Iterator[connector.Shiprocket]:
    settings = scripted.settings(
        connector.Settings, base_url=script.url, email="api@example.in", password="pw", webhook_token="tok"
    )
    with scripted.session(script) as session:
        yield connector.Shiprocket(settings, session)


def shipment(**changes: object) -> dict[str, Any]:
    return {"data": {"id": 5, "awb": None, "courier": None, "status": 1, **changes}}


def pdf_at(script: scripted.Script) -> dict[str, Any]:
    return {"label_created": 1, "label_url": f"{script.url}/labels/5.pdf"}


def test_a_label(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    script.will_say(TOKEN, CREATED, ASSIGNED, PICKUP, pdf_at(script), b"%PDF-1.4")
    assert carrier.buy_label(parcels.OUT) == shipping.Label(
        external_id="5",
        tracking_number="70010001",
        tracking_url="https://shiprocket.co/tracking/70010001",
        carrier="Acme",
        service="Shiprocket",
        pdf=b"%PDF-1.4",
    )
    assert script.paths == [
        "POST /auth/login",
        "POST /orders/create/adhoc",
        "POST /courier/assign/awb",
        "POST /courier/generate/pickup",
        "POST /courier/generate/label",
        "GET /labels/5.pdf",
    ]
    assert script.asked[1].headers["authorization"] == "Bearer jwt-1"
    assert "authorization" not in script.asked[5].headers
    assert script.asked[2].body == {"shipment_id": 5, "is_return": 0}


def test_a_repeat_continues_where_the_first_attempt_stopped(
    carrier: connector.Shiprocket, script: scripted.Script
) -> None:
    script.will_say(TOKEN, {**CREATED, "awb_code": 70010001})
    script.will_say(DUPLICATE, status=400)
    script.will_say({"label_created": 0})
    label = carrier.buy_label(parcels.OUT)
    assert (label.tracking_number, label.carrier, label.pdf) == ("70010001", "Shiprocket", b"")


def test_a_promised_number_is_read_back(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    script.will_say(
        TOKEN, CREATED, LATER, shipment(awb="70010001", courier="Acme"), PICKUP, {"label_url": None}
    )
    assert carrier.buy_label(parcels.OUT).tracking_number == "70010001"


def test_a_promise_not_kept_yet_may_be_done(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    script.will_say(TOKEN, CREATED, LATER, shipment())
    with pytest.raises(http.Unanswered) as caught:
        carrier.buy_label(parcels.OUT)
    assert (caught.value.maybe_done, caught.value.retry_after_seconds) == (True, 30.0)


def test_an_assignment_refused_because_it_was_made(
    carrier: connector.Shiprocket, script: scripted.Script
) -> None:
    script.will_say(TOKEN, CREATED)
    script.will_say({"message": "AWB is already assigned"}, status=400)
    script.will_say(shipment(awb="70010001"), PICKUP, {"label_url": None})
    assert carrier.buy_label(parcels.OUT).tracking_number == "70010001"


def test_an_assignment_refused_for_good(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    script.will_say(TOKEN, CREATED)
    script.will_say({"message": "Pincode not serviceable"}, status=422)
    script.will_say(shipment())
    with pytest.raises(http.Rejected) as caught:
        carrier.buy_label(parcels.OUT)
    assert caught.value.data["body"] == {"message": "Pincode not serviceable"}


@pytest.mark.parametrize("refusal", [(400, {"message": "Pickup address missing"}), (500, {}), (404, {})])
def test_whatever_fails_after_the_purchase_leaves_it_in_doubt(
    carrier: connector.Shiprocket, script: scripted.Script, refusal: tuple[int, object]
) -> None:
    script.will_say(TOKEN, CREATED, ASSIGNED)
    status, body = refusal
    script.will_say(body, body, status=status)
    with pytest.raises(http.Unanswered) as caught:
        carrier.buy_label(parcels.OUT)
    assert (caught.value.maybe_done, caught.value.data["external_id"]) == (True, "5")


def test_a_label_is_found_and_made_ready(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    listed = {
        "channel_order_id": "shipment-7",
        "shipments": [{"id": 5, "awb": "70010001", "courier": "Acme"}],
    }
    script.will_say(TOKEN, {"data": [listed]}, PICKUP, pdf_at(script), b"%PDF-1.4", {"data": []})
    label = carrier.find_label(parcels.OUT)
    assert label
    assert (label.tracking_number, label.pdf) == ("70010001", b"%PDF-1.4")
    assert script.asked[1].params == {"search": "shipment-7", "per_page": "100"}
    assert carrier.find_label(parcels.OUT) is None


def test_a_return_pickup(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    created = {"order_id": 2, "shipment_id": 6, "status": "RETURN PENDING"}
    script.will_say(TOKEN, {"data": []}, created, ASSIGNED)
    label = carrier.buy_label(parcels.BACK)
    assert (label.external_id, label.tracking_number, label.pdf) == ("6", "70010001", b"")
    assert script.paths[1:3] == ["GET /orders/processing/return", "POST /orders/create/return"]
    assert script.asked[3].body == {"shipment_id": 6, "is_return": 1}
    listed = {
        "channel_order_id": "return-7",
        "shipment_id": 6,
        "shipments": [{"awb": "70010001", "courier": "Acme"}],
    }
    script.will_say({"data": [listed]}, {"data": [listed]})
    assert carrier.buy_label(parcels.BACK) == label
    assert carrier.find_label(parcels.BACK) == label


LABEL = shipping.Label("5", "70010001", "", "Acme", "Acme")


def test_voiding(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    script.will_say(TOKEN, {"message": "Bulk Shipment cancellation is in progress."})
    carrier.void_label(LABEL)
    assert script.asked[1].body == {"awbs": ["70010001"]}
    script.will_say({"message": "Cannot cancel"}, status=400)
    script.will_say(shipment(status=8))
    carrier.void_label(LABEL)
    script.will_say({"message": "Cannot cancel"}, status=400)
    script.will_say(shipment(status=18))
    with pytest.raises(http.Rejected):
        carrier.void_label(LABEL)


def test_tracking(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    activity = {"date": "2026-05-06 12:00:00", "status": "DLVD", "sr-status": "7"}
    script.will_say(TOKEN, [{"tracking_data": {"shipment_track_activities": [activity]}}], {"odd": 1})
    (scan,) = carrier.track(tracking_number="70010001", external_id="5").scans
    assert scan.status is shipping.TrackingStatus.DELIVERED
    with pytest.raises(http.Unanswered) as caught:
        carrier.track(tracking_number="70010001", external_id="5")
    assert not caught.value.maybe_done


def test_a_token_that_died_is_renewed_once(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    script.will_say(TOKEN, {"data": []})
    assert carrier.find_label(parcels.OUT) is None
    script.will_say({"message": "Token has expired"}, status=401)
    script.will_say({"token": "jwt-2"}, {"data": []})
    assert carrier.find_label(parcels.OUT) is None
    assert script.asked[-1].headers["authorization"] == "Bearer jwt-2"
    script.will_say({}, status=401)
    script.will_say({"token": "jwt-3"})
    script.will_say({}, status=401)
    with pytest.raises(http.AuthFailed):
        carrier.find_label(parcels.OUT)


def test_a_forbidden_call_is_not_repeated(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    script.will_say(TOKEN, {"data": []})
    carrier.find_label(parcels.OUT)
    script.will_say({}, status=403)
    with pytest.raises(http.AuthFailed):
        carrier.find_label(parcels.OUT)
    assert script.paths.count("POST /auth/login") == 1


def test_the_shared_token(carrier: connector.Shiprocket, script: scripted.Script) -> None:
    assert carrier.acknowledge(InboundRequest({"x-api-key": "tok"}, b"{}")) == ACCEPTED
    assert carrier.acknowledge(InboundRequest({"x-api-key": "tök"}, b"{}")) == REFUSED
    assert carrier.acknowledge(InboundRequest({}, b"{}")) == REFUSED
    settings = scripted.settings(
        connector.Settings, base_url=script.url, email="a", password="b", webhook_token=""
    )
    with scripted.session(script) as session:
        assert (
            connector.Shiprocket(settings, session).acknowledge(InboundRequest({"x-api-key": ""}, b"{}"))
            == REFUSED
        )


def test_the_same_words_are_the_same_message(carrier: connector.Shiprocket) -> None:
    assert carrier.envelope(InboundRequest({}, b"{")) == carrier.envelope(InboundRequest({"x": "y"}, b"{"))
    assert (
        carrier.envelope(InboundRequest({}, b"{}")).event_id
        != carrier.envelope(InboundRequest({}, b"{")).event_id
    )
    with pytest.raises(errors.Invalid):
        carrier.parse("tracking", {}, b"{")
