"""Read the home page: tasks by money at risk, today against the same weekday, and the live feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from doorstep.domain.analytics.model import EventNames, OrderView, ReturnStage
from doorstep.domain.analytics.store import home as store
from doorstep.domain.analytics.store import orders as orders_store
from doorstep.domain.analytics.store.home import DayFigures, FeedLine
from doorstep.domain.analytics.views import dead_letters, orders, returns
from doorstep.kernel.db import ReadTx
from doorstep.kernel.money import CURRENCIES, Money

__all__ = ["DayFigures", "FeedLine"]


@dataclass(frozen=True, slots=True)
class Need:
    """A kind of task that waits for a user: how many, and the money at risk."""

    key: str
    count: int
    at_risk: Money


@dataclass(frozen=True, slots=True)
class Home:
    """Everything the home page shows."""

    needs: Sequence[Need]
    today: DayFigures
    before: DayFigures
    hourly: Sequence[int]
    feed: Sequence[FeedLine]
    names: EventNames
    is_compared: bool
    currency: str


@dataclass(frozen=True, slots=True)
class Badges:
    """Counts for the navigation; 1000 means 1000 or more."""

    attention: int
    late: int
    to_inspect: int
    dead_letters: int


def home(tx: ReadTx, *, now: datetime, timezone: str, currency: str = "") -> Home:
    """The page for users who see all locations; days begin at midnight in `timezone`.

    Figures are in the currency of most orders, in `currency` while there are none.
    """
    currency = next(iter(store.select_main_currency(tx, known=sorted(CURRENCIES))), currency)
    midnight = now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)
    day = timedelta(days=1)
    return Home(
        needs=_needs(tx, currency=currency, now=now, timezone=timezone),
        today=store.select_figures(tx, since=midnight, until=now, currency=currency),
        before=store.select_figures(tx, since=midnight - week, until=now - week, currency=currency),
        hourly=store.select_hourly(tx, since=midnight, until=midnight + day)[
            : now.astimezone(ZoneInfo(timezone)).hour + 1
        ],
        feed=feed(tx, limit=20),
        names=orders.event_names(tx),
        is_compared=store.exists_order_before(tx, at=now - week),
        currency=currency,
    )


def _needs(tx: ReadTx, *, currency: str, now: datetime, timezone: str) -> list[Need]:
    found = []
    for view, count in orders.counts(tx, now=now).items():
        if view is OrderView.ATTENTION or not count:
            continue
        sums = orders_store.sum_view(tx, view, location_id=None, now=now)
        minor = sum(int(str(row["minor"])) for row in sums if row["currency"] == currency)
        found.append(Need(view.value, count, Money(minor, currency)))
    stages = returns.counts(tx)
    found.append(Need("to_inspect", stages[ReturnStage.TO_INSPECT], Money(0, currency)))
    doubtful = Money(store.select_refunds_in_doubt(tx, currency=currency), currency)
    found.append(Need("in_doubt", stages[ReturnStage.IN_DOUBT], doubtful))
    found.append(Need("dead_letters", dead_letters.count(tx), Money(0, currency)))
    today = now.astimezone(ZoneInfo(timezone)).date()
    for key, count in store.select_stock_needs(tx, now=now, today=today).items():
        found.append(Need(key, count, Money(0, currency)))
    return sorted((need for need in found if need.count), key=lambda need: -need.at_risk.minor)


def feed(tx: ReadTx, *, limit: int) -> list[FeedLine]:
    """The newest events, newest first."""
    return store.select_feed(tx, limit=limit)


def head(tx: ReadTx) -> str:
    """A value that changes with every event, for polling."""
    return store.select_head(tx)


def badges(tx: ReadTx, *, now: datetime, location_id: int | None = None) -> Badges:
    """Counts for the navigation."""
    counts = orders.counts(tx, now=now, location_id=location_id)
    stages = returns.counts(tx, location_id=location_id)
    return Badges(
        attention=counts[OrderView.ATTENTION],
        late=counts[OrderView.LATE],
        to_inspect=stages[ReturnStage.TO_INSPECT] + stages[ReturnStage.IN_DOUBT],
        dead_letters=dead_letters.count(tx),
    )
