"""Shiprocket's quirks: two sets of status numbers, two time formats, numbers of any length, unknown codes."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.adapters import parcels

from doorstep.adapters.carriers.shiprocket import statuses, wire
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "shiprocket"
Status = shipping.TrackingStatus


def hook(**changes: object) -> bytes:
    return json.dumps(
        {
            "awb": "70010001",
            "current_status_id": 20,
            "shipment_status": "IN TRANSIT",
            "shipment_status_id": 18,
            "current_timestamp": "05 05 2026 11:43:52",
            "scans": [
                {"date": "2026-05-05 09:00:00", "status": "X-PPOM", "activity": "Picked up", "location": "Okhla",
                 "sr-status": "42"},
                {"date": "2026-05-05 10:00:00", "status": "X-DBL", "activity": "Bagged", "location": "Okhla",
                 "sr-status": "NA"},
                {"date": "2026-05-05 11:43:46", "status": "X-ILL", "activity": "Arrived", "location": "Gurgaon",
                 "sr-status": 18},
            ],
            "is_return": 0,
            **changes,
        }
    ).encode()  # fmt: skip


def test_a_webhook_has_the_complete_history() -> None:
    seen = wire.parse(hook())
    assert seen.tracking_number == "70010001"
    assert [scan.status for scan in seen.scans] == [Status.PICKED_UP, Status.UNKNOWN, Status.IN_TRANSIT]
    assert seen.scans[0] == shipping.Scan(
        at=datetime(2026, 5, 5, 3, 30, tzinfo=UTC),
        status=Status.PICKED_UP,
        raw_code="X-PPOM",
        description="Picked up",
        location="Okhla",
    )


def test_order_states_are_never_read() -> None:
    reported = hook(scans=[], shipment_status_id=18, current_status_id=7)
    assert [scan.status for scan in wire.parse(reported).scans] == [Status.IN_TRANSIT]


@pytest.mark.parametrize("moment", ["06 05 2026 16:41:59", "2026-05-06 16:41:59"])
def test_the_shipments_status_counts_where_there_is_no_scan(moment: str) -> None:
    reported = hook(current_timestamp=moment, shipment_status_id="7", shipment_status="DELIVERED")
    assert wire.parse(reported).scans[-1] == shipping.Scan(
        at=datetime(2026, 5, 6, 11, 11, 59, tzinfo=UTC),
        status=Status.DELIVERED,
        raw_code="7",
        description="DELIVERED",
    )


def test_the_panels_test_body_has_no_codes() -> None:
    scans = [{"date": "2021-06-23 14:23:18", "activity": "SHIPMENT OUTSCANNED", "location": "PATNA"}]
    seen = wire.parse(hook(scans=scans, current_timestamp=None, shipment_status_id=None))
    assert [(scan.status, scan.raw_code) for scan in seen.scans] == [(Status.UNKNOWN, "")]


@pytest.mark.parametrize("flag", [1, "1"])
def test_a_delivered_return_has_come_back(flag: object) -> None:
    reported = hook(is_return=flag, scans=None, shipment_status_id=7)
    assert [scan.status for scan in wire.parse(reported).scans] == [Status.RETURN_DELIVERED]


@pytest.mark.parametrize("awb", ["19041424751540", 19041424751540, 99999999999999999999999])
def test_tracking_numbers_are_text_of_any_length(awb: object) -> None:
    assert wire.parse(hook(awb=awb)).tracking_number == str(awb)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (hook(awb=None), "awb"),
        (hook(scans=[{"date": "yesterday"}]), "scans[0].date"),
        (hook(current_timestamp="now", scans=[]), "current_timestamp"),
        (hook(scans=[{}]), "scans[0].date"),
        (b"{", ""),
    ],
)
def test_a_broken_hook_names_the_place(body: bytes, place: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        wire.parse(body)
    assert caught.value.data["field"] == place


@pytest.mark.parametrize(
    "frame", [lambda reported: reported, lambda reported: [reported], lambda reported: {"70010001": reported}]
)
def test_tracking_responses_have_three_formats(frame) -> None:  # type: ignore[no-untyped-def]  # three small lambdas
    reported = {
        "tracking_data": {"shipment_track_activities": [{"date": "2026-05-06 12:00:00", "sr-status": "17"}]}
    }
    seen = wire.tracked(frame(reported), tracking_number="70010001", is_return=False)
    assert [(scan.status, scan.raw_code) for scan in seen.scans] == [(Status.OUT_FOR_DELIVERY, "17")]


def test_a_parcel_without_scans() -> None:
    nothing: list[object] = [[], {"tracking_data": {"shipment_track_activities": None}}]
    for reported in nothing:
        assert wire.tracked(reported, tracking_number="1", is_return=False).scans == ()
    with pytest.raises(errors.Invalid):
        wire.tracked({"2": {}}, tracking_number="1", is_return=False)


@pytest.mark.parametrize(("code", "status"), [("7", Status.DELIVERED), (" 7 ", Status.DELIVERED), (38, Status.IN_TRANSIT),
                                              (None, Status.UNKNOWN), ("NA", Status.UNKNOWN), (999, Status.UNKNOWN)])  # fmt: skip
def test_codes_in_every_spelling(code: str | int | None, status: Status) -> None:
    assert statuses.meaning(code, is_return=False) is status


@pytest.mark.skipif(not SPECS.is_dir(), reason="the collected specs are not beside this checkout")
def test_all_published_codes_and_samples() -> None:
    for known in json.loads((SPECS / "status_codes.json").read_text())["codes"]:
        canonical = known["canonical"].replace("cancelled", "canceled")  # our spelling is American
        assert statuses.meaning(known["code"], is_return=False) == canonical
    official = wire.parse((SPECS / "webhooks/official-in-transit.json").read_bytes())
    now = shipping.current(official.scans)
    assert now
    assert (official.tracking_number, now.status) == ("19041424751540", Status.IN_TRANSIT)
    captured = json.loads((SPECS / "tracking/captured-dtdc-out-for-delivery.json").read_text())
    now = shipping.current(wire.tracked(captured, tracking_number="7D9128969", is_return=False).scans)
    assert now
    assert now.status is Status.OUT_FOR_DELIVERY


def test_an_order() -> None:
    body = wire.order(parcels.OUT)
    assert body["order_id"] == "shipment-7"
    assert body["order_date"] == "2026-05-05 01:30"
    assert body["pickup_location"] == "S22"
    assert body["order_items"] == [
        {
            "name": "Graphic T-shirt",
            "sku": "GT-WH-02",
            "units": 2,
            "selling_price": Decimal("799.50"),
            "hsn": "6109",
        }
    ]
    assert (body["payment_method"], body["sub_total"]) == ("Prepaid", Decimal("1599.00"))
    assert (body["length"], body["weight"]) == (Decimal("30.5"), Decimal("0.45"))
    assert (body["billing_customer_name"], body["billing_last_name"]) == ("Meera", "Lakshmi Iyer")
    assert (body["billing_phone"], body["billing_country"]) == ("9800000001", "India")


def test_cash_on_delivery_and_foreign_numbers() -> None:
    dutch = dataclasses.replace(
        parcels.CUSTOMER, country="NL", phone="+31 20 555 0101", state="", state_code="NH"
    )
    body = wire.order(dataclasses.replace(parcels.OUT, cod_minor=100, recipient=dutch))
    assert (body["payment_method"], body["billing_phone"]) == ("COD", "31205550101")
    assert (body["billing_country"], body["billing_state"]) == ("NL", "NH")


def test_a_return_ships_from_the_customer_to_the_store() -> None:
    body = wire.return_order(parcels.BACK)
    assert (body["pickup_customer_name"], body["shipping_customer_name"]) == ("Meera", "NotNaked")
    assert (body["pickup_pincode"], body["shipping_pincode"]) == ("110003", "110001")


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        (dataclasses.replace(parcels.OUT, reference="x" * 51), "reference"),
        (dataclasses.replace(parcels.OUT, sender=parcels.CUSTOMER), "sender.code"),
    ],
)
def test_what_shiprocket_would_not_take(request_: shipping.LabelRequest, place: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        wire.order(request_)
    assert caught.value.data["field"] == place


def test_listings_are_matched_exactly() -> None:
    numbered = wire.ListedShipment(id=5, awb=123, courier="Acme")
    orders = [
        wire.ListedOrder(channel_order_id="shipment-70", shipments=[numbered]),
        wire.ListedOrder(channel_order_id="shipment-7", shipments=[wire.ListedShipment(id=4, awb="")]),
        wire.ListedOrder(channel_order_id="shipment-7", shipments=[wire.ListedShipment(awb=9)]),
        wire.ListedOrder(channel_order_id="shipment-7", shipments=[numbered]),
    ]
    label = wire.listed(orders, "shipment-7")
    assert label
    assert (label.external_id, label.tracking_number, label.carrier) == ("5", "123", "Acme")
    assert wire.listed(orders[:3], "shipment-7") is None


def test_return_listings_name_the_shipment_beside() -> None:
    numbered = wire.ListedShipment(awb="9", courier="Acme")
    orders = [
        wire.ListedOrder(channel_order_id="return-7"),
        wire.ListedOrder(channel_order_id="return-7", shipment_id=6, shipments=[numbered]),
    ]
    found = wire.listed_return(orders, "return-7")
    assert found == wire.Created(shipment_id=6, awb_code="9", courier_name="Acme")
    assert wire.listed_return(orders, "return-8") is None
    label = wire.listed(orders, "return-7")
    assert label
    assert label.external_id == "6"


def test_cancelled_shipments_are_known() -> None:
    assert wire.is_canceled(wire.Shipment(id=1, status=8))
    assert not wire.is_canceled(wire.Shipment(id=1, status=None))
