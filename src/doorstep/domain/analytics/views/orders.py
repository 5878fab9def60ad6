"""Read the order list: rows with their status and time left, keyset pages, counts of saved views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.analytics import model
from doorstep.domain.analytics.model import EventNames, OrderView, TimeLeft
from doorstep.domain.analytics.store import orders as store
from doorstep.domain.analytics.store.orders import OrderFilter, OrderSort, OrderSummary
from doorstep.domain.orders import model as orders
from doorstep.domain.orders.model import OrderStatus
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import whole_number
from doorstep.kernel.money import Money

__all__ = ["OrderFilter", "OrderSort", "OrderView"]

COUNTED = (OrderView.ATTENTION, OrderView.HELD, OrderView.UNALLOCATED, OrderView.LATE)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row of the order list."""

    order: OrderSummary
    headline: OrderStatus
    time_left: TimeLeft | None

    @property
    def total(self) -> Money:
        return Money(self.order.total_minor, self.order.currency)

    @property
    def payment(self) -> str:
        """paid, unpaid, on_delivery, partly_refunded or refunded."""
        order = self.order
        if order.refunded_minor:
            return "refunded" if order.refunded_minor >= order.total_minor else "partly_refunded"
        if order.on_delivery:
            return "on_delivery"
        return "paid" if order.is_paid else "unpaid"


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of orders; `next_cursor` continues after it, empty at the end."""

    rows: Sequence[OrderRow]
    next_cursor: str


def page(tx: ReadTx, *, wanted: OrderFilter, now: datetime, cursor: str = "") -> OrderPage:
    """Matching orders in the chosen sort order. Raises Invalid for a cursor of another list."""
    if cursor:
        wanted = replace(wanted, after=_read_cursor(cursor, wanted.sort))
    found = store.select_page(tx, replace(wanted, limit=wanted.limit + 1), now=now)
    rows = [_row(order, now) for order in found[: wanted.limit]]
    more = len(found) > wanted.limit
    return OrderPage(rows, _cursor(rows[-1].order, wanted.sort) if more else "")


def _row(order: OrderSummary, now: datetime) -> OrderRow:
    headline = orders.order_status(order.counters, held=bool(order.holds), short=order.is_short)
    return OrderRow(order, headline, model.time_left(order.ship_by, now=now))


def _cursor(order: OrderSummary, sort: OrderSort) -> str:
    return f"{sort}~{order.sort_key}~{order.id}"


def _read_cursor(cursor: str, sort: OrderSort) -> tuple[str, int]:
    name, _between, rest = cursor.partition("~")
    key, _between, order_id = rest.rpartition("~")
    is_key = "\0" not in key if sort is OrderSort.TOTAL else key == "infinity" or _is_instant(key)
    number = whole_number(order_id)
    if name != sort or not is_key or number is None:
        raise errors.Invalid("This page of the list does not exist. Go to the first page.", field="cursor")
    return key, number


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def counts(tx: ReadTx, *, now: datetime, location_id: int | None = None) -> dict[OrderView, int]:
    """Counts of the work views; 1000 means 1000 or more."""
    return {view: store.count_view(tx, view, location_id=location_id, now=now) for view in COUNTED}


def channel_names(tx: ReadTx) -> dict[str, str]:
    """Keys and names of sales channel connections."""
    return store.select_channels(tx)


def event_names(tx: ReadTx) -> EventNames:
    """The names that sentences of events show."""
    return EventNames(channel_names(tx), store.select_location_names(tx))


def concerns(tx: ReadTx, *, order_id: int, location_id: int) -> bool:
    """Whether an order has work or a return at a location."""
    return store.concerns(tx, order_id=order_id, location_id=location_id)
