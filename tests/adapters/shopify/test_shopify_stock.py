"""Stock levels in a shop: set by the hundred; what Shopify refuses is named, and does not keep back the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.adapters import scripted

from doorstep.adapters.channels.shopify import connector
from doorstep.domain.inventory.ports import StockLevel
from doorstep.kernel import errors, http

PLACE = "gid://shopify/Location/655441490"


@pytest.fixture
def script() -> Iterator[scripted.Script]:
    with scripted.partner() as script:
        yield script


@pytest.fixture
def shop(script: scripted.Script) -> Iterator[connector.Shopify]:
    settings = scripted.settings(
        connector.Settings,
        base_url=script.url,
        access_token="shpat_example",
        webhook_secret="hush",
        stock_location_id="655441490",
    )
    with scripted.session(script) as session:
        yield connector.Shopify(settings, session)


def item(number: int, sku: str | None, *, tracked: bool = True) -> dict[str, Any]:
    return {"id": f"gid://shopify/InventoryItem/{number}", "sku": sku, "tracked": tracked}


def page(*items: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return {"data": {"inventoryItems": {"pageInfo": info, "nodes": list(items)}}}


def answer(*refusals: dict[str, Any]) -> dict[str, Any]:
    group = None if refusals else {"id": "gid://shopify/InventoryAdjustmentGroup/1"}
    return {
        "data": {"inventorySetQuantities": {"inventoryAdjustmentGroup": group, "userErrors": list(refusals)}}
    }


def level(sku: str, available: int, listing: str = "") -> StockLevel:
    return StockLevel(listing or sku, sku, available)


def test_levels_are_set_whatever_they_were(shop: connector.Shopify, script: scripted.Script) -> None:
    script.will_say(page(item(2, "SHIRT"), cursor="c"), page(item(1, 'J"1')), answer())
    done = shop.publish_stock([level("JACKET", 3, listing='J"1'), level("SHIRT", 0)])
    assert done.refused == {}
    assert script.asked[0].body["variables"] == {
        "skus": 'sku:"J\\"1" OR sku:"SHIRT"',
        "after": None,
    }
    assert script.asked[1].body["variables"]["after"] == "c"
    assert script.asked[2].body["variables"]["input"] == {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {
                "inventoryItemId": f"gid://shopify/InventoryItem/{number}",
                "locationId": PLACE,
                "quantity": quantity,
                "changeFromQuantity": None,
            }
            for number, quantity in ((1, 3), (2, 0))
        ],
    }


def test_what_cannot_be_set_is_named_and_nothing_is_sent_for_it(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    script.will_say(
        page(
            item(1, "TWICE"),
            item(2, "TWICE"),
            item(3, "FREE", tracked=False),
            item(5, None),
        )
    )
    done = shop.publish_stock([level(sku, 1) for sku in ("GONE", "TWICE", "FREE")])
    assert done.refused == {
        "GONE": "Shopify has no variant with the SKU GONE.",
        "TWICE": "Shopify has 2 variants with the SKU TWICE: each would offer all units.",
        "FREE": "Shopify does not track the quantity of this variant.",
    }
    assert len(script.asked) == 1


def test_a_refused_level_does_not_keep_back_the_others(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    too_high = {"field": ["input", "quantities", "0", "quantity"], "message": "The quantity is too high."}
    script.will_say(page(item(1, "A"), item(2, "B")), answer(too_high), answer())
    assert shop.publish_stock([level("A", 9), level("B", 2)]).refused == {"A": "The quantity is too high."}
    first, second = (each.body["variables"] for each in script.asked[1:])
    assert [each["inventoryItemId"] for each in second["input"]["quantities"]] == [
        "gid://shopify/InventoryItem/2"
    ]
    assert first["key"] != second["key"]


def test_a_refused_listing_does_not_keep_back_another_of_the_same_sku(
    shop: connector.Shopify, script: scripted.Script
) -> None:
    too_high = {"field": ["input", "quantities", "0", "quantity"], "message": "The quantity is too high."}
    script.will_say(page(item(1, "OLD"), item(2, "NEW")), answer(too_high), answer())
    levels = [level("SHIRT", 9, listing="OLD"), level("SHIRT", 9, listing="NEW")]
    assert shop.publish_stock(levels).refused == {"SHIRT": "The quantity is too high."}
    (sent,) = script.asked[2].body["variables"]["input"]["quantities"]
    assert sent["inventoryItemId"] == "gid://shopify/InventoryItem/2"


@pytest.mark.parametrize(
    "field", [None, ["input", "name"], ["input", "quantities", "7", "quantity"], ["input", "quantities", "x"]]
)
def test_a_refusal_of_the_whole_call_is_an_error(
    shop: connector.Shopify, script: scripted.Script, field: list[str] | None
) -> None:
    script.will_say(page(item(1, "A")), answer({"field": field, "message": "No."}))
    with pytest.raises(http.Rejected, match=r"Shopify rejected the request: No\."):
        shop.publish_stock([level("A", 9)])


def test_many_levels_are_sent_by_the_hundred(shop: connector.Shopify, script: scripted.Script) -> None:
    script.will_say(page(item(1, "S0")), answer(), page(item(2, "S100")), answer())
    done = shop.publish_stock([level(f"S{number}", number) for number in range(150)])
    assert len(done.refused) == 148
    assert len(script.asked) == 4


def test_the_test_names_the_location(shop: connector.Shopify, script: scripted.Script) -> None:
    named = {"data": {"shop": {"name": "Shop", "currencyCode": "INR"}}}
    script.will_say(
        named, {"data": {"location": {"name": "Main warehouse"}}}, named, {"data": {"location": None}}
    )
    assert [str(each.message) for each in shop.test_connection()] == [
        "Shop sells in INR.",
        "Stock is set at Main warehouse.",
    ]
    with pytest.raises(errors.NotFound, match="Shopify has no location 655441490"):
        shop.test_connection()
