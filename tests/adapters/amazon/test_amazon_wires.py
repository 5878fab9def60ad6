"""Notifications, shipment confirmations, carriers, and feeds of listings with their reports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import msgspec
import pytest
from referencing import Registry, Resource
from tests.adapters.amazon.documents import SPECS, check, model, order
from tests.clock import NOON

from doorstep.adapters.channels.amazon.wire import (
    accounts,
    carriers,
    listings,
    notifications,
    orders,
    shipments,
)
from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.orders.ports import NoticeLine, ShipmentNotice
from doorstep.kernel import errors, parsing

NOTICE = ShipmentNotice(
    "shipment-7",
    "403-1234567-7654321",
    (NoticeLine("111", 2),),
    "Blue Dart",
    "BD 1",
    "https://track.example/1",
)
LEVELS = [StockLevel("LISTING-1", "GT-WH-02", 7), StockLevel("DJ-BL-01", "DJ-BL-01", 0)]


def stored(**more: Any) -> orders.Order:
    return parsing.read(json.dumps(order(**more)).encode(), orders.Order)


def test_the_published_notification_names_its_order() -> None:
    if not SPECS.exists():
        pytest.skip(f"Amazon's samples are not at {SPECS}")
    body = (SPECS / "samples" / "ORDER_CHANGE_example.json").read_bytes()
    assert notifications.changed_order(body) == "903-8868176-2219830"
    assert notifications.event_id(body) == "notification-d0e9e693-c3ad-4373-979f-ed4ec98dd746"


def test_a_notification_of_another_type_is_ignored() -> None:
    assert (
        notifications.changed_order(b'{"NotificationType": "FEED_PROCESSING_FINISHED", "Payload": {}}') == ""
    )


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"NotificationType": "ORDER_CHANGE", "Payload": {}}', b"\xff"]
)
def test_what_cannot_be_read_is_invalid_and_has_an_id(body: bytes) -> None:
    with pytest.raises(errors.Invalid):
        notifications.changed_order(body)
    assert notifications.event_id(body) == notifications.event_id(body)
    assert notifications.event_id(body) != notifications.event_id(body + b" ")


@pytest.mark.parametrize(
    ("ours", "code"),
    [
        ("Blue Dart", "BlueDart"),
        ("BLUEDART", "BlueDart"),
        ("ups", "UPS"),
        ("Fed-Ex", "FedEx"),
        ("Acme", "Other"),
        ("", "Other"),
    ],
)
def test_carriers_have_amazons_codes(ours: str, code: str) -> None:
    assert carriers.code_of(ours) == code


def test_every_code_is_found_by_itself() -> None:
    assert {each: carriers.code_of(each) for each in carriers.CODES} == {
        each: each for each in carriers.CODES
    }


@pytest.mark.parametrize(("carrier", "name"), [("Blue Dart", None), ("Acme", "Acme")])
def test_a_confirmation_is_valid_by_the_model(carrier: str, name: str | None) -> None:
    body = shipments.confirmation(stored(), replace(NOTICE, carrier=carrier), shipped_at=NOON)
    check("ordersV0", "ConfirmShipmentRequest", body)
    detail: Any = body["packageDetail"]
    assert detail.get("carrierName") == name
    assert detail["shipDate"] == NOON.isoformat()
    assert body["marketplaceId"] == "A21TJRUUN4KGV"
    assert detail["orderItems"] == [{"orderItemId": "111", "quantity": 2}]


def test_a_package_number_is_positive_and_follows_the_reference() -> None:
    first = shipments.package_reference("shipment-7")
    assert int(first) > 0
    assert first == shipments.package_reference("shipment-7") != shipments.package_reference("shipment-8")


def test_a_shipment_that_amazon_has_is_recognized() -> None:
    ours = shipments.package_reference(NOTICE.reference)
    assert shipments.confirmed(stored(), NOTICE) == ""
    assert shipments.confirmed(stored(packages=[{"packageReferenceId": ours}]), NOTICE) == ours
    other = {"packageReferenceId": "1", "trackingNumber": "bd 1"}
    assert shipments.confirmed(stored(packages=[other]), NOTICE) == "1"
    assert shipments.confirmed(stored(packages=[{**other, "trackingNumber": "BD 2"}]), NOTICE) == ""
    untracked = ShipmentNotice("shipment-9", NOTICE.order_external_id, NOTICE.lines, "UPS", "", "")
    assert shipments.confirmed(stored(packages=[{"packageReferenceId": "1"}]), untracked) == ""


def listings_schema() -> Any:
    if not SPECS.exists():
        pytest.skip(f"Amazon's schemas are not at {SPECS}")
    return {
        name: json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("listings-feed-schema-v2", "listings-feed-message-schema-v2")
    }


def test_a_feed_is_valid_by_the_published_schema() -> None:
    feed = json.loads(listings.document("A1SELLER", LEVELS))
    schemas = listings_schema()
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    whole = schemas["listings-feed-schema-v2"]
    jsonschema.Draft7Validator(whole, registry=registry).validate(feed)
    for message in feed["messages"]:
        jsonschema.Draft7Validator(schemas["listings-feed-message-schema-v2"]).validate(message)
    assert [(each["sku"], each["patches"][0]["value"][0]["quantity"]) for each in feed["messages"]] == [
        ("LISTING-1", 7),
        ("DJ-BL-01", 0),
    ]


def test_a_handle_remembers_which_listing_is_which_sku() -> None:
    kept = listings.submitted(listings.handle("5001", LEVELS))
    assert (kept.feed, kept.skus) == ("5001", {"LISTING-1": "GT-WH-02"})


def test_a_report_names_what_was_refused() -> None:
    issues = [
        {
            "messageId": 1,
            "sku": "LISTING-1",
            "severity": "ERROR",
            "message": "No such listing.",
            "code": "8560",
        },
        {
            "messageId": 1,
            "sku": "LISTING-1",
            "severity": "ERROR",
            "message": "No such listing.",
            "code": "8560",
        },
        {"messageId": 2, "sku": "DJ-BL-01", "severity": "WARNING", "message": "Slow"},
        {"messageId": 2, "sku": "OTHER", "severity": "ERROR", "message": "Wrong"},
        {"severity": "ERROR", "message": "The feed is wrong."},
    ]
    report = json.dumps({"issues": issues}).encode()
    assert listings.refused(report, {"LISTING-1": "GT-WH-02"}) == {
        "GT-WH-02": "No such listing. (8560)",
        "OTHER": "Wrong.",
    }
    assert listings.problems(report) == "No such listing. Wrong The feed is wrong."


def test_the_published_report_is_read() -> None:
    if not SPECS.exists():
        pytest.skip(f"Amazon's samples are not at {SPECS}")
    report = (SPECS / "listings-feed-processing-report-schema-v2.example.json").read_bytes()
    assert sorted(listings.refused(report, {})) == ["My-SKU-B", "My-SKU-C"]


@pytest.mark.parametrize("name", ["CreateFeedDocumentResponse", "Feed", "CreateFeedResponse"])
def test_answers_of_feeds_have_the_fields_that_we_read(name: str) -> None:
    ours: dict[str, Any] = {
        "CreateFeedDocumentResponse": listings.FeedDocument,
        "Feed": listings.Feed,
        "CreateFeedResponse": listings.FeedCreated,
    }
    known = set(model("feeds_2021-06-30")["definitions"][name]["properties"])
    wanted = {each.encode_name for each in msgspec.structs.fields(ours[name])} - {"compressionAlgorithm"}
    assert wanted <= known


def test_a_destination_of_another_kind_has_no_queue() -> None:
    assert accounts.Destination("1").queue_arn == ""
    assert accounts.Destination("1", resource=accounts.Resource()).queue_arn == ""
    assert accounts.Destination("1", resource=accounts.Resource(accounts.Sqs("arn"))).queue_arn == "arn"
