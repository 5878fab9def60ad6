"""One ship-by for board, queues, reports and release: the earliest of the channel's date, calendars and cut-off."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.builders import SHIRT, Retailer, later, line, order_snapshot
from tests.clock import NOON

from doorstep.domain.analytics.views import work as board
from doorstep.domain.fulfillment import views as work_views
from doorstep.kernel.db import WriteTx

INDIA = ZoneInfo("Asia/Kolkata")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    midnight = NOON.astimezone(INDIA).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("came", "leaves", "ship_by"),
    [
        (at(2, 10), None, at(2, 15)),
        (at(2, 17), None, at(3, 15)),
        (at(2, 10), at(2, 21), at(2, 15)),  # the cut-off is earlier than the departure
        (at(2, 10), at(2, 14), at(2, 14)),  # the departure is earlier than the cut-off
        (at(2, 17), at(5, 21), at(5, 15)),  # closed until Friday
        (at(2, 18), at(2, 21), at(2, 21)),  # a service with a later cut-off than its location's
    ],
)
def test_ship_by(retailer: Retailer, came: datetime, leaves: datetime | None, ship_by: datetime) -> None:
    retailer.place_order(order_snapshot(line(SHIRT)))
    assert shown(retailer, came, leaves) == (ship_by, ship_by)


def shown(retailer: Retailer, came: datetime, leaves: datetime | None) -> tuple[datetime, datetime]:
    """The ship-by on the board, and the one that release goes by, of the only work."""

    def plan(tx: WriteTx) -> int:
        tx.execute(
            "UPDATE fulfillment_orders SET created_at = %s, leaves_at = %s, state = 'planned'", (came, leaves)
        )
        return tx.value(int, "SELECT id FROM fulfillment_orders")

    work_id = retailer.write(plan)
    found = retailer.read(lambda tx: board.job(tx, fulfillment_order_id=work_id, now=came))
    (planned,) = retailer.read(work_views.releasable)
    return found.card.ship_by.astimezone(INDIA), planned.ship_by.astimezone(INDIA)


@pytest.mark.parametrize(
    ("leaves", "asked", "ship_by"),
    [
        (at(2, 21), at(2, 12), at(2, 12)),
        (at(2, 21), at(4, 12), at(2, 15)),  # the cut-off is earlier
        (None, at(1, 12), at(1, 12)),  # late when it comes
    ],
)
def test_a_channels_date_counts_where_it_is_earlier(
    retailer: Retailer, leaves: datetime | None, asked: datetime, ship_by: datetime
) -> None:
    reported = order_snapshot(line(SHIRT), ship_by=asked)
    order_id = retailer.place_order(reported)
    assert shown(retailer, at(2, 10), leaves) == (ship_by, ship_by)
    assert retailer.order(order_id).header.channel_ship_by == asked


def test_a_newer_snapshot_moves_the_channels_date(retailer: Retailer) -> None:
    reported = order_snapshot(line(SHIRT), ship_by=at(2, 12))
    retailer.place_order(reported)
    retailer.receive("shop", "order", later(reported, ship_by=at(2, 11)))
    retailer.settle()
    assert shown(retailer, at(2, 10), None) == (at(2, 11), at(2, 11))
