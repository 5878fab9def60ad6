"""One ship-by for board, queues and reports: calendars and cut-off, whichever is earlier."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.builders import SHIRT, Retailer, line, observation
from tests.clock import NOON

from doorstep.domain.analytics.views import work as board

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
    order_id = retailer.place_order(observation(line(SHIRT)))
    (work,) = retailer.work(order_id)
    retailer.write(
        lambda tx: tx.execute("UPDATE fulfillment_orders SET created_at = %s, leaves_at = %s", (came, leaves))
    )
    found = retailer.read(lambda tx: board.job(tx, fulfillment_order_id=work.id, now=came))
    assert found.card.ship_by.astimezone(INDIA) == ship_by
