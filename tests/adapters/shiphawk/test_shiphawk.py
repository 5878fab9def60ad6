"""ShipHawk: the chosen rate is booked once and found by our reference; status events need a password."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.adapters import parcels, scripted

from doorstep.adapters.carriers.shiphawk import connector, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.connections.model import ACCEPTED, REFUSED, InboundRequest
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors, http, parsing

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "shiphawk"
RATES = {
    "rates": [
        {"id": "rate_slow", "carrier": "Acme", "price": 61.5, "est_delivery_date": "2026-05-12"},
        {"id": "rate_fast", "carrier": "Acme", "price": 99, "est_delivery_date": "2026-05-06"},
        {"id": "rate_odd", "carrier": "Acme", "price": 80},
    ]
}


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


@pytest.fixture
def settings(script: scripted.Script) -> connector.Settings:
    return scripted.settings(
        connector.Settings,
        base_url=script.url,
        api_key="key",
        webhook_username="user",
        webhook_password="pass",
    )


@pytest.fixture
def carrier(script: scripted.Script, settings: connector.Settings) -> Iterator[connector.Shiphawk]:
    with scripted.session(script) as session:
        yield connector.Shiphawk(settings, session)


def shipment(**changes: object) -> dict[str, Any]:
    return {
        "id": "shp_1",
        "status": "confirmed",
        "order_number": "shipment-7",
        "tracking_number": "SHK1",
        "tracking_url": "https://track.example/SHK1",
        "carrier": "Acme",
        "service_name": "Ground",
        "price": 61.505,
        **changes,
    }


LABEL = shipping.Label(
    external_id="shp_1",
    tracking_number="SHK1",
    tracking_url="https://track.example/SHK1",
    carrier="Acme",
    service="Ground",
    pdf=b"%PDF-1.4",
    cost_minor=6150,
)


def test_the_cheapest_rate_is_booked(carrier: connector.Shiphawk, script: scripted.Script) -> None:
    script.will_say(RATES, shipment(), b"%PDF-1.4")
    assert carrier.buy_label(parcels.OUT) == LABEL
    assert script.paths == ["POST /rates", "POST /shipments", "GET /shipments/shp_1/labels"]
    assert script.asked[0].headers["x-api-key"] == "key"
    assert (script.asked[1].body["rate_id"], script.asked[1].body["order_number"]) == (
        "rate_slow",
        "shipment-7",
    )


def test_the_parcel_is_measured_in_inches_and_pounds_and_rounded_up() -> None:
    body = wire.rate_request(parcels.OUT)
    assert body["items"] == [
        {
            "item_type": "parcel",
            "length": Decimal("12.01"),
            "width": Decimal("10.00"),
            "height": Decimal("2.01"),
            "weight": Decimal("1.00"),
            "weight_uom": "lbs",
            "value": Decimal("1599.00"),
            "quantity": 1,
            "product_sku": "GT-WH-02",
        }
    ]
    assert body["origin_address"] == {
        "name": "NotNaked Store 22",
        "company": "NotNaked",
        "street1": "22 Market Road",
        "street2": "Ground floor",
        "city": "New Delhi",
        "state": "DL",
        "zip": "110001",
        "country": "IN",
        "phone_number": "+91 11 4000 0022",
        "email": "store22@notnaked.example",
    }


def test_a_mixed_parcel_and_a_company() -> None:
    mixed = dataclasses.replace(parcels.OUT, items=parcels.OUT.items * 2, recipient=parcels.STORE)
    body: dict[str, Any] = wire.rate_request(mixed)
    assert body["items"][0]["product_sku"] == ""
    assert body["destination_address"]["is_residential"] is False


def test_choices() -> None:
    rates = parsing.read(json.dumps(RATES).encode(), wire.Rates).rates
    cheapest, fastest = wire.choose(rates, "cheapest"), wire.choose(rates, "fastest")
    assert cheapest
    assert fastest
    assert (cheapest.id, fastest.id, wire.choose([], "fastest")) == ("rate_slow", "rate_fast", None)


def test_no_rate_is_a_refusal(carrier: connector.Shiphawk, script: scripted.Script) -> None:
    script.will_say({"rates": []})
    with pytest.raises(http.Rejected, match="No carrier"):
        carrier.buy_label(parcels.OUT)


@pytest.mark.parametrize(
    "answers",
    [
        [(200, shipment(tracking_number=None))],
        [(200, shipment()), (404, {"error": "no labels"})],
        [(200, shipment()), (500, {}), (500, {})],
    ],
)
def test_what_fails_after_the_booking_leaves_it_in_doubt(
    carrier: connector.Shiphawk, script: scripted.Script, answers: list[tuple[int, object]]
) -> None:
    script.will_say(RATES)
    script.answers.extend(answers)
    with pytest.raises(http.Unanswered) as caught:
        carrier.buy_label(parcels.OUT)
    assert (caught.value.maybe_done, caught.value.data["external_id"]) == (True, "shp_1")


@pytest.mark.parametrize("frame", ["bare", "named"])
def test_a_label_is_found_by_its_exact_reference(
    carrier: connector.Shiphawk, script: scripted.Script, frame: str
) -> None:
    listed = [shipment(id=9, order_number="shipment-70"), shipment(id=8, status="cancelled"), shipment()]
    script.will_say(listed if frame == "bare" else {"shipments": listed}, b"%PDF-1.4", [])
    assert carrier.find_label(parcels.OUT) == LABEL
    assert script.asked[0].params["order_number"] == "shipment-7"
    assert carrier.find_label(parcels.OUT) is None


@pytest.mark.parametrize("frame", ["bare", "labels", "documents"])
def test_label_documents_are_fetched(
    carrier: connector.Shiphawk, script: scripted.Script, frame: str
) -> None:
    documents = [{"url": None}, {"url": f"{script.url}/documents/1.pdf"}]
    script.will_say(RATES, shipment(), documents if frame == "bare" else {frame: documents}, b"%PDF-1.4")
    assert carrier.buy_label(parcels.OUT) == LABEL
    assert "x-api-key" not in script.asked[3].headers


def test_a_label_that_is_nowhere_and_sparse_answers(
    carrier: connector.Shiphawk, script: scripted.Script
) -> None:
    script.will_say(RATES, {"id": 5, "tracking_number": 77}, [])
    assert carrier.buy_label(parcels.OUT) == shipping.Label("5", "77", "", "ShipHawk", "")


def test_voiding(carrier: connector.Shiphawk, script: scripted.Script) -> None:
    script.will_say({})
    carrier.void_label(LABEL)
    assert script.paths == ["DELETE /shipments/shp_1"]
    script.will_say({"error": "no"}, status=422)
    script.will_say(shipment(status="cancelled"))
    carrier.void_label(LABEL)
    script.will_say({"error": "no"}, status=422)
    script.will_say(shipment(status="in_transit"))
    with pytest.raises(http.Rejected):
        carrier.void_label(LABEL)


def test_tracking(carrier: connector.Shiphawk, script: scripted.Script) -> None:
    event = {
        "time": "2026-05-05T09:00:00Z",
        "status": "in_transit",
        "message": "Scanned",
        "location": "Okhla",
    }
    script.will_say(
        {"status": "in_transit", "tracking_number": "SHK1", "events": [event]},
        {"status": "delivered", "updated_at": "2026-05-06T09:00:00Z"},
        {"status": "new"},
        {"status": "new", "updated_at": "2026-05-06T09:00:00"},
    )
    assert carrier.track(tracking_number="SHK1", external_id="shp_1") == shipping.TrackingSnapshot(
        scans=(
            shipping.Scan(
                at=datetime(2026, 5, 5, 9, tzinfo=UTC),
                status=shipping.TrackingStatus.IN_TRANSIT,
                raw_code="in_transit",
                description="Scanned",
                location="Okhla",
            ),
        ),
        tracking_number="SHK1",
        external_id="shp_1",
    )
    (scan,) = carrier.track(tracking_number="SHK1", external_id="shp_1").scans
    assert scan.status is shipping.TrackingStatus.DELIVERED
    assert carrier.track(tracking_number="SHK1", external_id="shp_1").scans == ()
    with pytest.raises(http.Unanswered):
        carrier.track(tracking_number="SHK1", external_id="shp_1")


def hook(**changes: object) -> bytes:
    return json.dumps(
        {
            "event": "shipment.status_update",
            "status": "delivered",
            "updated_at": "2026-05-06T10:23:16.702-08:00",
            "shipment_id": 1014270,
            **changes,
        }
    ).encode()


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("new", shipping.TrackingStatus.CREATED),
        ("agent_prep", shipping.TrackingStatus.LABEL_PURCHASED),
        ("exception", shipping.TrackingStatus.EXCEPTION),
        ("delivered", shipping.TrackingStatus.DELIVERED),
        ("cancelled", shipping.TrackingStatus.CANCELED),
        ("teleported", shipping.TrackingStatus.UNKNOWN),
    ],
)
def test_a_status_event(carrier: connector.Shiphawk, word: str, status: shipping.TrackingStatus) -> None:
    assert carrier.parse("shipment.status_update", {}, hook(status=word)) == (
        shipping.TrackingSnapshot(
            scans=(shipping.Scan(datetime(2026, 5, 6, 18, 23, 16, 702000, tzinfo=UTC), status, word),),
            external_id="1014270",
        ),
    )


@pytest.mark.parametrize(
    ("topic", "body", "place"),
    [
        ("shipment.status_update", hook(updated_at="2026-05-06T10:23:16"), "updated_at"),
        ("shipment.status_update", hook(shipment_id=None), "shipment_id"),
        ("", b"[]", ""),
    ],
)
def test_a_broken_event_names_the_place(
    carrier: connector.Shiphawk, topic: str, body: bytes, place: str
) -> None:
    with pytest.raises(errors.Invalid) as caught:
        carrier.parse(topic, {}, body)
    assert caught.value.data["field"] == place


def test_other_events_are_not_observed(carrier: connector.Shiphawk) -> None:
    assert carrier.parse("shipment.notes_update", {}, hook(event="shipment.notes_update")) == ()


def test_the_password_and_the_envelope(carrier: connector.Shiphawk) -> None:
    assert carrier.acknowledge(InboundRequest({"authorization": "Basic dXNlcjpwYXNz"}, b"{}")) == ACCEPTED
    assert carrier.acknowledge(InboundRequest({"authorization": "Basic dXNlcjpwYXNT"}, b"{}")) == REFUSED
    assert carrier.acknowledge(InboundRequest({}, b"{}")) == REFUSED
    envelope = carrier.envelope(InboundRequest({}, hook()))
    assert (envelope.topic, envelope.sent_at) == (
        "shipment.status_update",
        datetime(2026, 5, 6, 18, 23, 16, 702000, tzinfo=UTC),
    )
    assert (
        envelope.event_id
        == carrier.envelope(InboundRequest({}, hook())).event_id
        != carrier.envelope(InboundRequest({}, hook(status="new"))).event_id
    )
    broken = carrier.envelope(InboundRequest({}, b"{"))
    assert broken == connections.Envelope(event_id=broken.event_id, topic="", sent_at=None)


@pytest.mark.skipif(not SPECS.is_dir(), reason="the collected specs are not beside this checkout")
def test_the_published_event(carrier: connector.Shiphawk) -> None:
    body = (SPECS / "webhooks" / "shipment.status_update.json").read_bytes()
    assert carrier.envelope(InboundRequest({}, body)).topic == "shipment.status_update"
    (seen,) = carrier.parse("shipment.status_update", {}, body)
    assert isinstance(seen, shipping.TrackingSnapshot)
    assert (seen.external_id, seen.scans[0].status) == ("1014270", shipping.TrackingStatus.IN_TRANSIT)
