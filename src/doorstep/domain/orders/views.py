"""Read orders, for flows: demand, addresses, channel ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.orders.model import Address, Counters
from doorstep.domain.orders.store import channel_updates, fulfillments, holds, read, routing
from doorstep.domain.orders.store.fulfillments import StoredFulfillment
from doorstep.domain.orders.store.holds import HeldCount, OpenHold
from doorstep.domain.orders.store.read import Header, StoredLine
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId

__all__ = ["Header", "HeldCount", "OpenHold", "StoredFulfillment", "StoredLine"]


@dataclass(frozen=True, slots=True)
class Order:
    """An order with its lines and addresses."""

    header: Header
    lines: tuple[StoredLine, ...]
    shipping_address: Address
    billing_address: Address

    def line(self, line_no: int) -> StoredLine:
        return next(line for line in self.lines if line.line_no == line_no)

    def paid_minor(self, line_no: int) -> int:
        """What all units of a line cost the customer together: discount taken off, tax included."""
        line = self.line(line_no)
        tax_minor = 0 if self.header.tax_included else line.tax_minor
        return max(0, line.unit_price_minor * line.quantity - line.discount_minor + tax_minor)


def orders(tx: ReadTx, *, order_ids: Sequence[int]) -> list[Order]:
    """Orders by id, with lines and addresses."""
    lines: dict[int, list[StoredLine]] = {}
    for line in read.select_lines(tx, order_ids=order_ids):
        lines.setdefault(line.order_id, []).append(line)
    addresses = read.select_addresses(tx, order_ids=order_ids)
    return [
        Order(
            header,
            tuple(lines.get(header.id, ())),
            addresses.get((header.id, "shipping"), Address()),
            addresses.get((header.id, "billing")) or addresses.get((header.id, "shipping"), Address()),
        )
        for header in read.select_headers(tx, order_ids=order_ids)
    ]


def order(tx: ReadTx, *, order_id: int) -> Order:
    """One order; raises NotFound."""
    found = orders(tx, order_ids=[order_id])
    if not found:
        raise errors.NotFound(f"There is no order {order_id}.")
    return found[0]


def with_external_id(tx: ReadTx, *, external_id: str, connection_id: int | None = None) -> list[OrderId]:
    """Our ids of orders with this channel id: none or one of one channel; without the channel perhaps several."""
    ids = read.select_ids(tx, external_id=external_id, connection_id=connection_id)
    return [OrderId(each) for each in ids]


def with_external_ids(tx: ReadTx, *, external_ids: Collection[str]) -> list[OrderId]:
    """Our ids of the orders that any channel knows by one of these ids."""
    return [OrderId(each) for each in read.select_ids_of(tx, external_ids=sorted(external_ids))]


def by_external_id(tx: ReadTx, *, connection_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    """Our ids of a channel's orders, by the channel's ids; those we do not have are left out."""
    return read.select_by_external_id(tx, connection_id=connection_id, external_ids=external_ids)


def channel_update_accepted(tx: ReadTx, *, connection_id: int, what: str, reference: str) -> bool:
    """Whether a channel accepted an update."""
    return channel_updates.exists_accepted(tx, connection_id=connection_id, what=what, reference=reference)


def counters(order: Order) -> Counters:
    """The counters of an order: the units of all its lines."""
    return Counters(
        ordered=sum(line.quantity for line in order.lines),
        allocated=sum(line.allocated for line in order.lines),
        picked=sum(line.picked for line in order.lines),
        packed=sum(line.packed for line in order.lines),
        shipped=sum(line.shipped for line in order.lines),
        delivered=sum(line.delivered for line in order.lines),
        canceled=sum(line.canceled for line in order.lines),
        returned=sum(line.returned for line in order.lines),
    )


def skus(tx: ReadTx, *, order_ids: Sequence[int]) -> set[str]:
    """Every SKU on these orders."""
    return {line.sku for line in read.select_lines(tx, order_ids=order_ids)}


def recent(tx: ReadTx, *, since: datetime, limit: int) -> list[OrderId]:
    """Orders placed since then and not canceled, newest first."""
    return [OrderId(order_id) for order_id in read.select_recent(tx, since=since, limit=limit)]


def accepted(tx: ReadTx, *, since: datetime, until: datetime, limit: int) -> list[tuple[OrderId, datetime]]:
    """Orders captured within a window and not canceled since, with their time, oldest first."""
    found = read.select_accepted(tx, since=since, until=until, limit=limit)
    return [(OrderId(order_id), at) for order_id, at in found]


def numbers(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[OrderId, str]:
    """The numbers of these orders."""
    found = read.select_numbers(tx, order_ids=order_ids)
    return {OrderId(order_id): number for order_id, number in found.items()}


def channels(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[OrderId, str]:
    """The keys of these orders' sales channels."""
    found = read.select_channels(tx, order_ids=order_ids)
    return {OrderId(order_id): key for order_id, key in found.items()}


def latest_of_phone(tx: ReadTx, *, phones: Sequence[str]) -> OrderId | None:
    """The latest order with one of these phone numbers, as they are written."""
    return OrderId(read.select_latest_of_phone(tx, phones=phones)) or None


def open_holds(tx: ReadTx, *, order_ids: Sequence[int]) -> list[OpenHold]:
    """Open holds of these orders."""
    return holds.select_open_holds(tx, order_ids=order_ids)


def due(tx: ReadTx, *, order_ids: Sequence[int], due: str) -> list[OrderId]:
    """Those of these orders for which this is due next."""
    return [OrderId(order_id) for order_id in routing.select_due(tx, order_ids=order_ids, due=due)]


def connection_ids(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[int, int]:
    """The sales channel of each of these orders."""
    return read.select_connection_ids(tx, order_ids=order_ids)


def is_due(tx: ReadTx, *, now: datetime) -> bool:
    """Whether an order is due for checks or routing."""
    return routing.exists_due(tx, now=now)


def next_due_seconds(tx: ReadTx, *, now: datetime) -> float | None:
    """Seconds of business time until the next order becomes due; None if none waits for a time."""
    due_at = routing.next_due_at(tx, now=now)
    return None if due_at is None else (due_at - now).total_seconds()


def reported_fulfillments(tx: ReadTx, *, order_ids: Sequence[int]) -> list[StoredFulfillment]:
    """The fulfillments that channels have reported of orders while a connection was in shadow mode."""
    return fulfillments.select_of_orders(tx, order_ids=order_ids) if order_ids else []


def newly_fulfilled(tx: ReadTx, *, limit: int) -> list[OrderId]:
    """Orders with reported fulfillments that have not been compared with ours since they changed."""
    return [OrderId(each) for each in fulfillments.select_new(tx, limit=limit)]


def held_counts(tx: ReadTx, *, connection_id: int) -> list[HeldCount]:
    """How many orders of a channel are held, by reason."""
    return holds.select_held_counts(tx, connection_id=connection_id)
