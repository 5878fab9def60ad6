"""Vendors' names of products, locations, methods, statuses, carriers and taxes: mapped once, and what waited goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.builders import NOON, SHIRT, Retailer, line, order_snapshot
from tests.builders.snapshots import later
from tests.delivery.test_api import client
from tests.delivery.test_console_connections import act, signed_in

from doorstep.domain.identity.model import Role
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.shipping.model import Scan, TrackingSnapshot, TrackingStatus
from doorstep.flows.capture import connection_maps
from doorstep.kernel.ids import Sku

LISTING = "shop-product-4711"


def put(
    retailer: Retailer,
    kind: str,
    external: str,
    ours: str,
    *,
    key: str = "shop",
    api: TestClient | None = None,
) -> Any:
    """With a client of one's own (`api`) where a test has many calls: each client builds the whole API."""
    api = api or client(retailer, Role.ADMINISTRATOR)
    wanted = {"kind": kind, "external_value": external, "our_value": ours}
    answer = api.put(f"/api/v1/connections/{key}/maps", json=wanted)
    retailer.settle()
    return answer


def unmapped(
    retailer: Retailer, key: str = "shop", *, api: TestClient | None = None
) -> list[tuple[str, str, str]]:
    api = api or client(retailer, Role.ADMINISTRATOR)
    found = api.get(f"/api/v1/connections/{key}/maps").json()["unmapped"]
    return [(each["kind"], each["external_value"], each["our_value"]) for each in found]


def listed_order(name: str = LISTING, **given: Any) -> OrderSnapshot:
    """An order whose line names a product as the shop does."""
    return order_snapshot(replace(line(SHIRT), sku=Sku(name)), **given)


def test_an_order_held_for_an_unknown_product_goes_on_when_it_is_mapped(retailer: Retailer) -> None:
    first, second = retailer.place_order(listed_order()), retailer.place_order(listed_order())
    assert set(retailer.holds(first)) == {"unknown_sku"}
    assert unmapped(retailer) == [("sku", LISTING, "")]
    assert put(retailer, "sku", LISTING, SHIRT).status_code == 200
    for order_id in (first, second):
        assert retailer.holds(order_id) == {}
        assert [each.sku for each in retailer.order(order_id).lines] == [SHIRT]
        assert len(retailer.work(order_id)) == 1
    assert unmapped(retailer) == []


def test_the_next_order_and_the_next_version_of_an_order_are_translated(retailer: Retailer) -> None:
    put(retailer, "sku", LISTING, SHIRT)
    order = listed_order()
    order_id = retailer.place_order(order)
    assert len(retailer.work(order_id)) == 1
    retailer.receive("shop", "order", later(order, note="Please ring twice"))
    retailer.settle()
    assert (retailer.holds(order_id), len(retailer.work(order_id))) == ({}, 1)


def test_an_order_that_was_canceled_meanwhile_stays_canceled(retailer: Retailer) -> None:
    order = listed_order()
    order_id = retailer.place_order(order)
    retailer.receive("shop", "order", later(order, canceled_at=NOON + timedelta(hours=1)))
    retailer.settle()
    put(retailer, "sku", LISTING, SHIRT)
    assert [each.sku for each in retailer.order(order_id).lines] == [LISTING]
    assert retailer.work(order_id) == []


def test_more_orders_than_one_transaction_takes(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_maps, "_AT_ONCE", 2)
    order_ids = [retailer.place_order(listed_order()) for _ in range(5)]
    put(retailer, "sku", LISTING, SHIRT)
    assert [retailer.holds(each) for each in order_ids] == [{}] * 5


def test_a_product_can_only_stand_for_a_sku_that_exists(retailer: Retailer) -> None:
    refused = put(retailer, "sku", LISTING, "NO-SUCH-SKU")
    assert (refused.status_code, "The catalog does not have 'NO-SUCH-SKU'" in refused.text) == (422, True)
    refused = put(retailer, "tax", "Output VAT", "VAT")
    assert (refused.status_code, "has no map of this kind" in refused.text) == (422, True)


def test_a_product_is_suggested_by_its_barcode_or_its_letters(retailer: Retailer) -> None:
    retailer.write(
        lambda tx: tx.execute("UPDATE skus SET barcode = '8901234567890' WHERE sku = %s", (SHIRT,))
    )
    retailer.place_order(listed_order("8901234567890"))
    retailer.place_order(listed_order(SHIRT.lower()))
    found = client(retailer, Role.ADMINISTRATOR).get("/api/v1/connections/shop/maps").json()["unmapped"]
    assert {each["external_value"]: each["suggestion"] for each in found} == {
        "8901234567890": SHIRT,
        SHIRT.lower(): SHIRT,
    }


def test_selling_and_pickup_locations_are_translated(retailer: Retailer) -> None:
    order = replace(order_snapshot(), origin="gid://shop/Location/77")
    retailer.place_order(order)
    assert unmapped(retailer) == [("location", "gid://shop/Location/77", "")]
    (code, *_others) = retailer.location_ids
    put(retailer, "location", "gid://shop/Location/77", code)
    order_id = retailer.place_order(replace(order_snapshot(), origin="gid://shop/Location/77"))
    assert retailer.order(order_id).header.origin == code
    assert put(retailer, "location", "x", "NOWHERE").status_code == 422


def test_a_parcel_follows_a_status_when_a_person_says_what_it_means(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    parcel = retailer.ship(order_id)[0]
    key = next(key for key, each in retailer.connection_ids.items() if each == parcel.connection_id)
    scan = Scan(NOON + timedelta(hours=3), TrackingStatus.UNKNOWN, "ZX-9", "Handed to the customer")
    retailer.receive(key, "tracking", TrackingSnapshot((scan,), parcel.tracking_number))
    retailer.settle()
    assert retailer.parcels(order_id)[0].delivered_at is None
    assert unmapped(retailer, key) == [("status", "ZX-9", "")]
    assert put(retailer, "status", "ZX-9", "unknown", key=key).status_code == 422
    put(retailer, "status", "ZX-9", "delivered", key=key)
    parcel = retailer.parcels(order_id)[0]
    assert (parcel.delivered_at, parcel.tracking_status) == (scan.at, TrackingStatus.DELIVERED)
    assert sum(each.delivered for each in retailer.order(order_id).lines) == parcel.lines[0].quantity
    assert unmapped(retailer, key) == []
    other = retailer.place_order()
    parcel = retailer.ship(other)[0]
    retailer.receive(key, "tracking", TrackingSnapshot((scan,), parcel.tracking_number))
    retailer.settle()
    assert retailer.parcels(other)[0].tracking_status is TrackingStatus.DELIVERED


def test_the_channel_gets_its_own_name_of_the_carrier(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    carrier = retailer.ship(order_id)[0].carrier
    put(retailer, "carrier", "Delhivery Surface", carrier)
    other = retailer.place_order()
    number = retailer.ship(other)[0].tracking_number
    assert retailer.client("shop").shipments[number].carrier == "Delhivery Surface"
    maps = client(retailer, Role.ADMINISTRATOR).get("/api/v1/connections/shop/maps").json()["maps"]
    (entry,) = [each for each in maps if each["kind"] == "carrier"]
    assert (entry["external_value"], entry["our_value"]) == ("Delhivery Surface", carrier)


def test_an_invoice_waits_for_the_account_of_its_tax(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    retailer.client("books").has_accounts = False
    order_id = retailer.place_order()
    retailer.ship(order_id)
    taxes = [ours for _, _, ours in unmapped(retailer, "books", api=api)]
    assert taxes
    assert "No account is mapped for" in str(retailer.dead_letters()[0]["error"])
    for tax in taxes:
        put(retailer, "tax", f"Account of {tax}", tax, key="books", api=api)
    assert (retailer.dead_letters(), unmapped(retailer, "books", api=api)) == ([], [])
    documents = retailer.client("books").documents.values()
    assert len(documents) == len(retailer.parcels(order_id))
    for each in documents:
        kinds = {tax.kind for line in each.lines for tax in line.taxes}
        assert each.tax_accounts == {tax: f"Account of {tax}" for tax in kinds}


def test_the_console_lists_all_unmapped_names_and_maps_one(retailer: Retailer) -> None:
    order_id = retailer.place_order(listed_order())
    with signed_in(retailer, Role.ADMINISTRATOR) as browser:
        assert "Names that are not mapped" in browser.get("/console/").text
        page = browser.get("/console/unmapped-names").text
        assert (LISTING in page, "Product" in page, "/connections/shop/names" in page) == (True, True, True)
        assert "1 not mapped" in browser.get("/console/connections/shop").text
        names = "/connections/shop/names"
        pair = {"kind": "sku", "external": LISTING, "ours": SHIRT}
        assert "Mapped. What waited for it goes on." in act(
            browser, "/connections/shop/map", on=names, **pair
        )
        assert "Every name is mapped" in browser.get("/console/unmapped-names").text
    retailer.settle()
    assert retailer.holds(order_id) == {}
