"""Read orders, for flows: demand, addresses, channel ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.orders.model import Address, Counters
from doorstep.domain.orders.store import channel_updates, holds, read, routing
from doorstep.domain.orders.store.holds import OpenHold
from doorstep.domain.orders.store.read import Header, StoredLine
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId

__all__ = ["Header", "OpenHold", "StoredLine"]


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


def open_holds(tx: ReadTx, *, order_ids: Sequence[int]) -> list[OpenHold]:
    """Open holds of these orders."""
    return holds.select_open_holds(tx, order_ids=order_ids)


def due(tx: ReadTx, *, order_ids: Sequence[int], due: str) -> list[OrderId]:
    """Those of these orders for which this is due next."""
    return [OrderId(order_id) for order_id in routing.select_due(tx, order_ids=order_ids, due=due)]


def is_due(tx: ReadTx, *, now: datetime) -> bool:
    """Whether an order is due for checks or routing."""
    return routing.exists_due(tx, now=now)
