"""Stock work and orders: new stock retries backorders; missing units are counted, once."""

from __future__ import annotations

import pytest
from tests.builders import JACKET, NOON, Retailer, line, order_snapshot

from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.inventory.actions import claims, counts, feeds, receiving, transfers
from doorstep.domain.inventory.model.counts import CountedSku, CountKind, NewCount, Rest, Tolerance
from doorstep.domain.inventory.model.feeds import Feed, Mode, StockLine
from doorstep.domain.inventory.model.receiving import Delivery
from doorstep.domain.inventory.model.transfers import Plan, RequestedLine, TransferReceiptLine
from doorstep.domain.inventory.views import counts as count_views
from doorstep.flows.fulfillment import fulfill
from doorstep.flows.stock import cycle_counts as count_flow
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku

HUB, STORE = "WH-A", "ST-22"


def empty(retailer: Retailer, sku: Sku = JACKET) -> None:
    """Nobody has any."""
    lines = [StockLine(number, sku, code, 0) for number, code in enumerate(retailer.location_ids, start=1)]
    send(retailer, "empty", *lines)


def send(retailer: Retailer, key: str, *lines: StockLine, mode: Mode = Mode.SET) -> None:
    now = retailer.app.clock.now()
    feed = Feed("wms", key, mode, now, lines)
    retailer.write(lambda tx: feeds.apply_feed(tx, feed=feed, locations=retailer.location_ids, now=now))
    retailer.settle()


def comes(retailer: Retailer, tx: WriteTx, how: str) -> None:
    """Five jackets reach the hub in one of the ways that they can."""
    now, location = retailer.app.clock.now(), retailer.location_ids[HUB]
    if how == "receipt":
        receiving.receive(tx, delivery=Delivery(location, [TransferReceiptLine(JACKET, 5)]), at=now)
    elif how == "feed":
        feed = Feed("wms", "more", Mode.DELTA, now, [StockLine(1, JACKET, HUB, 5)])
        feeds.apply_feed(tx, feed=feed, locations=retailer.location_ids, now=now)
    else:
        new = NewCount(location, CountKind.BLIND, "Found behind the door", [JACKET])
        (key,) = counts.open_(tx, counts=[new], at=now)
        command = counts.Command(key, now)
        counts.find(tx, command=command, found=[CountedSku(JACKET, 5)], adds=False)
        counts.submit(tx, command=command, rest=Rest.SKIP, tolerance=Tolerance(units=9))


@pytest.mark.parametrize("how", ["receipt", "feed", "count"])
def test_new_stock_retries_the_orders_that_wait_for_it(retailer: Retailer, how: str) -> None:
    empty(retailer)
    order_id = retailer.place_order(order_snapshot(line(JACKET, 2, 299_900)))
    assert retailer.work(order_id) == []
    retailer.write(lambda tx: comes(retailer, tx, how))
    retailer.settle()
    (work,) = retailer.work(order_id)
    assert (work.location_id, retailer.count(JACKET, HUB)) == (retailer.location_ids[HUB], (5, 2))


def test_a_canceled_transfer_releases_stock_and_retries_backorders(retailer: Retailer) -> None:
    empty(retailer)
    send(retailer, "two", StockLine(1, JACKET, HUB, 2))
    command = retailer.write(lambda tx: requested(retailer, tx))
    order_id = retailer.place_order(order_snapshot(line(JACKET, 2, 299_900)))
    assert retailer.work(order_id) == []
    retailer.write(lambda tx: transfers.cancel(tx, command=command))
    retailer.settle()
    assert len(retailer.work(order_id)) == 1


def requested(retailer: Retailer, tx: WriteTx) -> transfers.Command:
    plan = Plan(retailer.location_ids[HUB], retailer.location_ids[STORE], [RequestedLine(JACKET, 2)])
    (key,) = transfers.draft(tx, plans=[plan], at=NOON)
    transfers.request(tx, command=transfers.Command(key, NOON))
    return transfers.Command(key, NOON)


def directed(retailer: Retailer) -> list[tuple[str | None, int]]:
    """SKU and place of the directed counts."""
    rows = retailer.read(lambda tx: count_views.rows(tx, wanted=count_views.CountFilter()))
    return sorted((row.directed_sku, row.location_id) for row in rows if row.kind is CountKind.DIRECTED)


def reject(retailer: Retailer, reason: RejectReason) -> LocationId:
    """An order of a jacket that its location cannot fulfill; gives the location."""
    (work,) = retailer.work(retailer.place_order(order_snapshot(line(JACKET, 1, 299_900))))
    retailer.write(
        lambda tx: fulfill.reject(tx, fulfillment_order_id=work.id, reason=reason, note="", now=NOON)
    )
    retailer.settle()
    return work.location_id


def test_what_a_location_does_not_find_is_to_be_counted_there(retailer: Retailer) -> None:
    here = reject(retailer, RejectReason.NOT_IN_STOCK)
    assert directed(retailer) == [(JACKET, here)]
    send(retailer, "more", StockLine(1, JACKET, STORE, 5), mode=Mode.DELTA)
    reject(retailer, RejectReason.NO_CAPACITY)
    assert directed(retailer) == [(JACKET, here)]


def test_what_a_source_contradicts_is_to_be_counted_and_settles_itself(retailer: Retailer) -> None:
    empty(retailer)
    send(retailer, "three", StockLine(1, JACKET, HUB, 3))
    order_id = retailer.place_order(order_snapshot(line(JACKET, 3, 299_900)))
    send(retailer, "one", StockLine(1, JACKET, HUB, 1))
    assert directed(retailer) == [(JACKET, retailer.location_ids[HUB])]
    (work,) = retailer.work(order_id)
    retailer.write(
        lambda tx: fulfill.reject(
            tx, fulfillment_order_id=work.id, reason=RejectReason.STORE_CLOSED, note="", now=NOON
        )
    )
    assert retailer.count(JACKET, HUB) == (3, 0)
    assert count_flow.write_off_missing(retailer.app.context) == 1
    assert retailer.count(JACKET, HUB) == (1, 0)
    assert retailer.write(lambda tx: claims.write_off_missing(tx, at=NOON)) == 0
