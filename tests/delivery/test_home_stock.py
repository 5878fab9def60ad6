"""Home lists stock work for users, with a count and a link to the page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.builders import Shop
from tests.delivery.test_console_stock_work import sign_in

from doorstep.delivery import console
from doorstep.domain.analytics.views import home
from doorstep.domain.inventory.actions import counts, freshness, transfers
from doorstep.domain.inventory.model.counts import CountedSku, CountKind, NewCount, Rest, Tolerance
from doorstep.domain.inventory.model.freshness import SourceUpdate, StockSource
from doorstep.domain.inventory.model.transfers import Plan, RequestedLine
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import CountId, LocationId, Sku
from doorstep.kernel.time import local_date

SHIRT, JACKET = Sku("GT-WH-02"), Sku("DJ-BL-01")
ZONE = "Asia/Kolkata"
KEYS = ("stale_sources", "contradictory", "counts_to_approve", "transfers_overdue")


def needs(tx: ReadTx, shop: Shop) -> dict[str, int]:
    return {
        each.key: each.count for each in home.home(tx, now=shop.now, timezone=ZONE).needs if each.key in KEYS
    }


def count(tx: WriteTx, shop: Shop, location_id: LocationId, sku: Sku, quantity: int) -> CountId:
    """Count a SKU and hand it in."""
    (count_id,) = counts.open_(
        tx, counts=[NewCount(location_id, CountKind.OPEN, "Shelf", [sku])], at=shop.now
    )
    command = counts.Command(count_id, shop.now)
    counts.find(tx, command=command, found=[CountedSku(sku, quantity)], adds=False)
    counts.submit(tx, command=command, rest=Rest.SKIP, tolerance=Tolerance())
    return count_id


@pytest.fixture
def waiting(shop: Shop) -> Shop:
    """Two silent sources and one that speaks, a reserved unit that is nowhere, a count to agree to, a late transfer."""
    shop.order((SHIRT, 1))
    with shop.app.db.write(actor="system") as tx:
        names = ((1, "wms", 60), (2, "pos", 7200), (2, "erp", 60))
        freshness.put_sources(tx, sources=[StockSource(*each) for each in names])
        updated_at = shop.now - timedelta(hours=1)
        freshness.record_update(
            tx, updates=[SourceUpdate(location, name, updated_at) for location, name, _ in names[:2]]
        )
        (location,) = tx.column(
            int, "SELECT location_id FROM stock WHERE sku = %s AND reserved > 0", (SHIRT,)
        )
        missed = count(tx, shop, LocationId(location), SHIRT, 0)
        counts.approve(tx, command=counts.Command(missed, shop.now), alone=True)
    with shop.app.db.write(actor="system") as tx:
        count(tx, shop, LocationId(1), JACKET, 1)
        for days in (-1, 0):
            day = local_date(shop.now + timedelta(days=days), ZONE)
            (transfer_id,) = transfers.draft(
                tx,
                plans=[Plan(LocationId(1), LocationId(2), [RequestedLine(JACKET, 1)], expected_date=day)],
                at=shop.now,
            )
            transfers.request(tx, command=transfers.Command(transfer_id, shop.now))
    return shop


def test_nothing_of_stock_waits_at_first(shop: Shop) -> None:
    with shop.app.db.read() as tx:
        assert needs(tx, shop) == {}


def test_what_of_stock_waits_is_counted(waiting: Shop) -> None:
    with waiting.app.db.read() as tx:
        assert needs(tx, waiting) == {
            "stale_sources": 2,
            "contradictory": 1,
            "counts_to_approve": 1,
            "transfers_overdue": 1,
        }


def test_each_is_a_row_that_leads_to_its_page(waiting: Shop) -> None:
    with TestClient(Starlette(routes=console.routes(waiting.app)), follow_redirects=False) as browser:
        sign_in(browser)
        browser.cookies.set("zone", ZONE)
        page = browser.get("/console/").text
        rows = re.findall(
            r'<li><a href="/console([^"]+)">.*?need-count">(\d+)<.*?<strong>([^<]+)<', page, re.DOTALL
        )
        assert [row for row in rows if not row[0].startswith("/orders")] == [
            ("/availability-rules", "2", "Overdue stock feeds"),
            ("/inventory?missing=yes", "1", "Reserved units not found"),
            ("/counts?state=counted", "1", "Counts to approve"),
            ("/transfers", "1", "Overdue transfers"),
        ]
        grid = browser.get("/console/inventory?missing=yes").text
        assert (SHIRT in grid, JACKET in grid) == (True, False)
        listed = browser.get("/console/counts?state=counted").text
        assert re.findall(r'data-href="/console/counts/(\d+)"', listed) == ["2"]
