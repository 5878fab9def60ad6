"""Amazon's feeds: presigned addresses, a queue that takes its time, reports on every message, effects on orders and stock."""

from __future__ import annotations

import gzip
import json
from xml.etree import ElementTree as ET

import pytest
from tests.sandbox.amazon import INDIA, check, problem
from tests.sandbox.conftest import misfits, sample

DOCUMENTS = "/feeds/2021-06-30/documents"


def fulfillment(*messages):
    bodies = "".join(
        f"<Message><MessageID>{number}</MessageID><OrderFulfillment><AmazonOrderID>{order}</AmazonOrderID>"
        f"<FulfillmentDate>2026-01-02T10:00:00Z</FulfillmentDate><FulfillmentData><CarrierName>BlueDart</CarrierName>"
        f"<ShippingMethod>Surface</ShippingMethod><ShipperTrackingNumber>BD{number}</ShipperTrackingNumber>"
        f"</FulfillmentData></OrderFulfillment></Message>"
        for number, order in enumerate(messages, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>'
        f"<MerchantIdentifier>M1</MerchantIdentifier></Header><MessageType>OrderFulfillment</MessageType>{bodies}"
        "</AmazonEnvelope>"
    ).encode()


def listings(seller, *messages):
    header = {"sellerId": seller.ready["seller_id"], "version": "2.0", "issueLocale": "en_US"}
    numbered = [{"messageId": number, **each} for number, each in enumerate(messages, 1)]
    return json.dumps({"header": header, "messages": numbered}).encode()


def stock(sku, quantity, **more):
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]
    patch = {"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}
    return {"sku": sku, "operationType": "PATCH", "productType": "PRODUCT", "patches": [patch], **more}


def test_a_feed_of_shipments_ships_orders_and_reports_each_failure(seller):
    order = seller.place()
    feed = seller.feed("POST_ORDER_FULFILLMENT_DATA", fulfillment(order["id"], "111-1111111-1111111"))
    assert feed["processingStatus"] == "DONE"
    report = ET.fromstring(seller.report(feed)).find("Message/ProcessingReport")  # noqa: S314 - our own sandbox
    summary = {each.tag: each.text for each in report.find("ProcessingSummary")}
    assert (summary["MessagesProcessed"], summary["MessagesWithError"]) == ("2", "1")
    (failed,) = report.findall("Result")
    assert (failed.findtext("MessageID"), failed.findtext("ResultCode")) == ("2", "Error")
    kept = seller.partners.state("amazon")["orders"][order["id"]]
    assert (kept["status"], kept["packages"][0]["tracking"]) == ("SHIPPED", "BD1")


def test_a_feed_of_listings_changes_stock_and_names_what_is_wrong(seller):
    seller.act("list", sku="DJ-BL-01", quantity=1)
    wrong = stock("DJ-BL-01", -1), stock("NOT-LISTED", 4), stock("DJ-BL-01", 4, productType="")
    feed = seller.feed("JSON_LISTINGS_FEED", gzip.compress(listings(seller, stock("DJ-BL-01", 7), *wrong)))
    report = json.loads(seller.report(feed))
    assert seller.partners.state("amazon")["listings"] == {"DJ-BL-01": {"quantity": 7}}
    assert [issue["messageId"] for issue in report["issues"]] == [2, 3, 4]
    summary = report["summary"]
    assert (summary["messagesProcessed"], summary["messagesAccepted"], summary["messagesInvalid"]) == (
        4,
        1,
        3,
    )


def test_a_report_looks_like_the_vendors_example(seller):
    feed = seller.feed("JSON_LISTINGS_FEED", listings(seller, stock("NOT-LISTED", 1)))
    ours, theirs = (
        json.loads(seller.report(feed)),
        sample("amazon/listings-feed-processing-report-schema-v2.example.json"),
    )
    missing = misfits(ours, theirs)
    assert missing == [".header.report missing", ".items missing", ".summary.itemSummary missing"]


def test_the_vendors_example_of_a_feed_is_read(seller):
    document = sample("amazon/listings-feed-schema-v2.example.json")
    document["header"]["sellerId"] = seller.ready["seller_id"]
    for sku in ("My-SKU-A", "My-SKU-B", "My-SKU-D", "My-SKU-E"):
        seller.act("list", sku=sku)
    report = json.loads(seller.report(seller.feed("JSON_LISTINGS_FEED", json.dumps(document).encode())))
    assert report["issues"] == []
    assert seller.partners.state("amazon")["listings"]["My-SKU-D"] == {"quantity": 10}


def test_a_feed_takes_as_many_looks_as_it_is_set_to(seller):
    seller.act("feeds", looks=3)
    document = listings(seller)
    states = [
        seller.feed("JSON_LISTINGS_FEED", document, looks=looks)["processingStatus"] for looks in (1, 2, 3, 4)
    ]
    assert states == ["IN_QUEUE", "IN_PROGRESS", "IN_PROGRESS", "DONE"]
    seller.act("feeds", seconds=600)
    assert seller.feed("JSON_LISTINGS_FEED", document, looks=5)["processingStatus"] == "IN_PROGRESS"


def test_feeds_that_cannot_be_read_end_without_a_report(seller):
    contents = b"<not xml", b"<AmazonEnvelope/>", b"[]", b""
    kinds = ("POST_ORDER_FULFILLMENT_DATA",) * 2 + ("JSON_LISTINGS_FEED",) * 2
    for kind, content in zip(kinds, contents, strict=True):
        feed = seller.feed(kind, content)
        assert (feed["processingStatus"], "resultFeedDocumentId" in feed) == ("FATAL", False)
    seller.act("feeds", fatal_next=1)
    assert seller.feed("JSON_LISTINGS_FEED", listings(seller))["processingStatus"] == "FATAL"


def test_presigned_addresses_are_for_one_document_and_type(seller):
    made = seller.http.post(DOCUMENTS, json={"contentType": "application/json"}).json()
    refused = seller.http.put(made["url"], content=b"{}", headers={"Content-Type": "text/plain"})
    assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
    unsigned = seller.http.put(made["url"].split("?")[0], content=b"{}")
    assert (unsigned.status_code, "AccessDenied" in unsigned.text) == (403, True)
    assert seller.http.get(made["url"]).status_code == 404
    assert problem(seller.http.post(DOCUMENTS, json={})) == (400, "InvalidInput")


@pytest.mark.parametrize(
    "change",
    [
        {"feedType": "POST_PRODUCT_DATA"},
        {"marketplaceIds": []},
        {"inputFeedDocumentId": "amzn1.tortuga.none"},
    ],
)
def test_wrong_feeds_are_refused(seller, change):
    made = seller.http.post(DOCUMENTS, json={"contentType": "application/json"}).json()
    body = {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": [INDIA],
        "inputFeedDocumentId": made["feedDocumentId"],
        **change,
    }
    assert problem(seller.http.post("/feeds/2021-06-30/feeds", json=body)) == (400, "InvalidInput")


def test_answers_about_feeds_satisfy_the_official_model(seller):
    model = "feeds_2021-06-30"
    made = seller.http.post(DOCUMENTS, json={"contentType": "application/json"}).json()
    check(model, "CreateFeedDocumentResponse", made)
    feed = seller.feed("JSON_LISTINGS_FEED", listings(seller))
    check(model, "Feed", feed)
    document = seller.http.get(f"{DOCUMENTS}/{feed['resultFeedDocumentId']}").json()
    check(model, "FeedDocument", document)
    listed = seller.http.get("/feeds/2021-06-30/feeds", params={"feedTypes": "JSON_LISTINGS_FEED"}).json()
    check(model, "GetFeedsResponse", listed)
    assert [each["feedId"] for each in listed["feeds"]] == [feed["feedId"]]
