"""Sales channels get what they may sell: the newest value of each SKU, one call at a time, whatever happens to a call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests import clock
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_api import client
from tests.delivery.test_console_connections import act, signed_in

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory.actions import feeds
from doorstep.domain.inventory.model.feeds import Feed, StockLine
from doorstep.domain.inventory.model.feeds import Mode as FeedMode
from doorstep.flows.stock import publish
from doorstep.kernel.http.fake_partner import Fault
from doorstep.kernel.ids import Sku

STOCK = "/api/v1/connections/shop/stock"


def find(retailer: Retailer) -> None:
    """The clock has the changes found, and a worker sends them."""
    publish.find_changes(retailer.app.context)
    retailer.settle()


def change(retailer: Retailer, sku: Sku, units: int, key: str) -> None:
    """Nobody has any but the hub, which has these units."""
    now = retailer.app.clock.now()
    lines = [
        StockLine(number, sku, code, units if code == "WH-A" else 0)
        for number, code in enumerate(retailer.location_ids, start=1)
    ]
    feed = Feed("wms", key, FeedMode.SET, now, lines)
    retailer.write(lambda tx: feeds.apply_feed(tx, feed=feed, locations=retailer.location_ids, now=now))


def sold(retailer: Retailer, listing: str = SHIRT) -> int | None:
    """What the shop has been sent."""
    found: int | None = retailer.client("shop").stock.get(listing)
    return found


def calls(retailer: Retailer) -> int:
    return sum(call.startswith("stock of") for call in retailer.client("shop").calls)


def test_every_sku_is_sent_once_and_then_only_what_changes(retailer: Retailer) -> None:
    change(retailer, SHIRT, 9, "first")
    find(retailer)
    assert (sold(retailer), calls(retailer)) == (9, 1)
    find(retailer)
    assert calls(retailer) == 1
    retailer.place_order(order_snapshot(line(SHIRT, 2)))
    find(retailer)
    assert (sold(retailer), retailer.client("shop").calls[-1]) == (7, "stock of 1")


def test_the_newest_value_wins(retailer: Retailer) -> None:
    find(retailer)
    for number, units in enumerate((5, 3, 8)):
        change(retailer, SHIRT, units, f"feed-{number}")
        publish.find_changes(retailer.app.context)
    retailer.settle()
    assert (sold(retailer), calls(retailer)) == (8, 2)


def test_a_listing_gets_the_level_of_its_sku(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    for name in ("listing-1", "listing-2"):
        wanted = {"kind": "sku", "external_value": name, "our_value": SHIRT}
        assert api.put("/api/v1/connections/shop/maps", json=wanted).status_code == 200
    change(retailer, SHIRT, 6, "first")
    find(retailer)
    assert [sold(retailer, name) for name in ("listing-1", "listing-2", SHIRT)] == [6, 6, None]


def test_what_the_channel_refuses_is_shown_and_not_repeated(retailer: Retailer) -> None:
    retailer.client("shop").unknown_listings = {SHIRT}
    find(retailer)
    change(retailer, SHIRT, 4, "first")
    change(retailer, JACKET, 5, "second")
    find(retailer)
    api = client(retailer, Role.ADMINISTRATOR)
    (refused,) = api.get(STOCK, params={"state": "refused"}).json()["items"]
    assert (refused["sku"], refused["error"], refused["sent"]) == (SHIRT, "There is no such listing.", None)
    assert (sold(retailer, JACKET), retailer.client("shop").calls[-1]) == (5, "stock of 1")
    retailer.client("shop").unknown_listings = set()
    assert api.post(f"{STOCK}/send-again", json={"skus": [SHIRT]}).json() == {"levels": 1}
    find(retailer)
    assert (sold(retailer), api.get(STOCK, params={"state": "refused"}).json()["items"]) == (4, [])


def test_a_call_that_ends_later_is_followed_and_nothing_overtakes_it(retailer: Retailer) -> None:
    shop = retailer.client("shop")
    find(retailer)
    shop.finishes_later = True
    change(retailer, SHIRT, 4, "first")
    find(retailer)
    change(retailer, SHIRT, 2, "second")
    find(retailer)
    assert len(shop.stock_submissions) == 1
    (waiting,) = client(retailer, Role.ADMINISTRATOR).get(STOCK, params={"state": "waiting"}).json()["items"]
    assert (waiting["sku"], waiting["available"]) == (SHIRT, 2)
    shop.finishes_later = False
    with clock.at(clock.CLOCK.now() + timedelta(hours=2)):
        retailer.write(lambda tx: tx.execute("UPDATE deliveries SET run_at = now()"))
        retailer.settle()
    assert sold(retailer) == 2


@pytest.mark.parametrize("fault", [Fault.TIME_OUT, Fault.RATE_LIMIT])
def test_a_call_without_an_answer_is_repeated_with_the_newest_values(
    retailer: Retailer, fault: Fault
) -> None:
    find(retailer)
    retailer.client("shop").partner.fail(fault)
    change(retailer, SHIRT, 3, "first")
    find(retailer)
    assert (sold(retailer), retailer.dead_letters()) == (3, [])


def test_a_call_that_failed_for_good_is_made_again_after_an_hour(retailer: Retailer) -> None:
    find(retailer)
    retailer.client("shop").partner.fail(Fault.ERROR)
    change(retailer, SHIRT, 3, "first")
    find(retailer)
    before = sold(retailer)
    find(retailer)
    assert (len(retailer.dead_letters()), sold(retailer)) == (1, before)
    with clock.at(clock.CLOCK.now() + timedelta(hours=2)):
        find(retailer)
    assert (retailer.dead_letters(), sold(retailer)) == ([], 3)


def test_a_channel_in_shadow_mode_gets_the_newest_levels_when_it_is_live(retailer: Retailer) -> None:
    find(retailer)
    retailer.write(lambda tx: connections.switch(tx, key="shop", mode=Mode.SHADOW))
    retailer.app.registry._looked_at = float("-inf")
    for number, units in enumerate((5, 3)):
        change(retailer, SHIRT, units, f"feed-{number}")
        find(retailer)
    assert sold(retailer) != 3
    retailer.write(lambda tx: connections.switch(tx, key="shop", mode=Mode.LIVE))
    retailer.app.registry._looked_at = float("-inf")
    api = client(retailer, Role.ADMINISTRATOR)
    assert api.post("/api/v1/connections/shop/unsent-calls/send").json() == {"calls": 1}
    retailer.settle()
    assert sold(retailer) == 3


def test_all_levels_are_compared_once_an_hour_also_what_no_movement_changed(retailer: Retailer) -> None:
    change(retailer, SHIRT, 9, "first")
    find(retailer)
    retailer.write(
        lambda tx: tx.execute("UPDATE published_stock SET available = 1, sent = 1 WHERE sku = %s", (SHIRT,))
    )
    retailer.write(
        lambda tx: tx.execute("UPDATE stock_publishers SET stock_position = stock_position + 9000")
    )
    find(retailer)
    assert sold(retailer) == 9
    with clock.at(clock.CLOCK.now() + timedelta(hours=2)):
        find(retailer)
    (level,) = [
        each
        for each in client(retailer, Role.ADMINISTRATOR).get(STOCK, params={"limit": 200}).json()["items"]
        if each["sku"] == SHIRT
    ]
    assert (level["available"], level["sent"]) == (9, 9)


def test_the_console_shows_levels_and_sends_them_again(retailer: Retailer) -> None:
    find(retailer)
    with signed_in(retailer, Role.ADMINISTRATOR) as browser:
        assert "See levels" in browser.get("/console/connections/shop").text
        page = browser.get("/console/connections/shop/stock", params={"sort": "-sku"}).text
        assert ("To send" in page, "Stock levels" in page) == (True, True)
        path = "/connections/shop/stock"
        assert "sent within a minute" in act(browser, f"{path}/send-again", on=path)
    before = calls(retailer)
    find(retailer)
    assert calls(retailer) == before + 1


def test_a_shop_of_shopify_gets_levels_when_the_location_is_set(retailer: Retailer) -> None:
    registry = retailer.app.registry
    account: dict[str, object] = {
        "base_url": "http://127.0.0.1:9",
        "access_token": "shpat_example",
        "webhook_secret": "a secret of a test shop",
    }

    def connect(**more: object) -> int:
        connector = registry.connector(Kind.CHANNELS, "shopify")
        retailer.write(
            lambda tx: registry.configure(
                tx, key="web", connector=connector, name="Web", settings={**account, **more}, mode=Mode.LIVE
            )
        )
        return publish.find_changes(retailer.app.context)

    assert connect() == 1  # the other shop
    assert connect(stock_location_id="655441490") == 2
