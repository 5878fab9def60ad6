"""Take over what channels tell of orders: new ones are stored, newer tellings of known ones are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from doorstep.domain.orders import events as facts
from doorstep.domain.orders.model import Hold, HoldReason, ObservedLine, OrderObservation
from doorstep.domain.orders.store import holds, read, write
from doorstep.domain.orders.store.write import HeaderRow, Known
from doorstep.kernel import errors, events
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


@dataclass(frozen=True, slots=True)
class Incoming:
    """One telling of an order by a connection; `channel` is the connection's key."""

    connection_id: int
    channel: str
    observation: OrderObservation
    trace_id: str

    @property
    def key(self) -> tuple[int, str]:
        return self.connection_id, self.observation.external_id


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a telling. `cancelled` means that the channel cancelled an order that we still work on."""

    order_id: OrderId
    incoming: Incoming
    is_new: bool
    changes: tuple[str, ...] = ()
    cancelled: bool = False


class Overtaken(errors.Conflict):
    """Another process stored the same order at the same moment: take the batch again."""


def accept(tx: WriteTx, *, incoming: Sequence[Incoming], now: datetime) -> list[Accepted]:
    """Store new orders and merge newer tellings, whatever order they arrive in; older ones have no effect.

    Returns what was new or changed something. New orders are due for approval.
    """
    known = {
        (row.connection_id, row.external_id): row
        for row in write.lock_known(tx, keys=[each.key for each in incoming])
    }
    fresh: dict[tuple[int, str], Incoming] = {}
    later: list[Incoming] = []
    for each in incoming:
        if each.key in known or each.key in fresh:
            later.append(each)
        else:
            fresh[each.key] = each
    accepted = _store_new(tx, list(fresh.values()), now)
    if fresh and later:
        known |= {(row.connection_id, row.external_id): row for row in write.lock_known(tx, keys=list(fresh))}
    for each in later:
        merged = _merge(tx, each, known[each.key], now)
        if merged is not None:
            accepted.append(merged)
            known |= {
                (row.connection_id, row.external_id): row for row in write.lock_known(tx, keys=[each.key])
            }
    return accepted


def _store_new(tx: WriteTx, fresh: Sequence[Incoming], now: datetime) -> list[Accepted]:
    if not fresh:
        return []
    try:
        ids = write.insert_headers(tx, [_header(each, now) for each in fresh])
    except psycopg.errors.UniqueViolation as problem:
        raise Overtaken("Another process is storing the same order.") from problem
    write.copy_lines(
        tx,
        [
            (ids[each.key], line_no, line)
            for each in fresh
            for line_no, line in enumerate(each.observation.lines, start=1)
        ],
    )
    write.copy_addresses(
        tx,
        [
            (ids[each.key], kind, address)
            for each in fresh
            for kind, address in (
                ("shipping", each.observation.shipping_address),
                ("billing", each.observation.billing_address),
            )
            if address is not None
        ],
    )
    tx.traces |= {ids[each.key]: each.trace_id for each in fresh}
    events.append(tx, [_placed(each, ids[each.key]) for each in fresh], at=now)
    return [
        Accepted(
            OrderId(ids[each.key]), each, is_new=True, cancelled=each.observation.cancelled_at is not None
        )
        for each in fresh
    ]


def _placed(each: Incoming, order_id: int) -> facts.Placed:
    order = each.observation
    return facts.Placed(
        OrderId(order_id), each.channel, order.number, len(order.lines), order.total_minor, order.currency
    )


def _header(each: Incoming, now: datetime) -> HeaderRow:
    order = each.observation
    return HeaderRow(
        connection_id=each.connection_id,
        external_id=order.external_id,
        number=order.number,
        version_at=order.version_at,
        placed_at=order.placed_at,
        accepted_at=now,
        currency=order.currency,
        total_minor=order.total_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor,
        tip_minor=order.tip_minor,
        tax_included=order.tax_included,
        payment_gateway=order.payment.gateway,
        payment_method=order.payment.method,
        is_paid=order.payment.is_paid,
        on_delivery=order.payment.on_delivery,
        customer_external_id=order.customer_external_id,
        shipping_method=order.shipping_method,
        source=order.source,
        note=order.note,
        tags=order.tags,
        due="approve",
        due_at=now,
        told_cancelled_at=order.cancelled_at,
        trace_id=each.trace_id,
    )


def _merge(tx: WriteTx, each: Incoming, known: Known, now: datetime) -> Accepted | None:
    """Take over a newer telling. What is being worked on is not changed under people's hands: a hold asks them."""
    order = each.observation
    if order.version_at < known.version_at:
        return None
    (header,) = read.select_headers(tx, order_ids=[known.id])
    stored = read.observation(
        header,
        read.select_lines(tx, order_ids=[known.id]),
        read.select_addresses(tx, order_ids=[known.id]),
    )
    changes = _changes(stored, order)
    tx.traces[known.id] = each.trace_id
    news = order.cancelled_at is not None and known.told_cancelled_at is None
    cancelled = news and known.cancelled_at is None
    if not changes and not cancelled and order.version_at == known.version_at:
        return None
    write.update_header(tx, order_id=known.id, row=_header(each, now))
    if changes:
        _apply(tx, known, order, changes, now)
        events.append(tx, [facts.Observed(OrderId(known.id), changes)], at=now)
    if not changes and not cancelled:
        return None
    return Accepted(OrderId(known.id), each, is_new=False, changes=changes, cancelled=cancelled)


def _changes(stored: OrderObservation, told: OrderObservation) -> tuple[str, ...]:
    """Names of what differs; payment only ever moves towards paid."""
    found = {
        "payment": (told.payment.is_paid and not stored.payment.is_paid)
        or (told.payment.on_delivery != stored.payment.on_delivery),
        "address": told.shipping_address is not None and told.shipping_address != stored.shipping_address,
        "lines": _by_line(stored.lines) != _by_line(told.lines),
        "totals": _totals(stored) != _totals(told),
    }
    return tuple(name for name, differs in found.items() if differs)


def _totals(order: OrderObservation) -> tuple[object, ...]:
    """What the check of the sums looks at."""
    tax = 0 if order.tax_included else order.tax_minor
    return order.currency, order.total_minor, order.shipping_minor, order.tip_minor, order.tax_included, tax


def _by_line(lines: Sequence[ObservedLine]) -> dict[str, tuple[str, int, int, int]]:
    return {
        line.external_line_id: (line.sku, line.quantity, line.unit_price_minor, line.discount_minor)
        for line in lines
    }


def _apply(tx: WriteTx, known: Known, order: OrderObservation, changes: Sequence[str], now: datetime) -> None:
    if known.cancelled_at is not None:
        return
    at_work = known.allocated > 0
    if "lines" in changes and not at_work:
        at_work = not _replace_lines(tx, known, order.lines)
    if "address" in changes and order.shipping_address is not None:
        write.replace_address(tx, order_id=known.id, kind="shipping", address=order.shipping_address)
    if at_work and {"address", "lines"} & set(changes):
        what = " and ".join(name for name in ("address", "lines") if name in changes)
        message = f"The channel changed the {what} while the order was in work: compare both, then release or cancel."
        hold = Hold(HoldReason.CHANGED_AFTER_RELEASE, message)
        holds.insert_holds(tx, [(known.id, hold)], at=now)
        events.append(tx, [facts.Held(OrderId(known.id), (hold.reason.value,))], at=now)
    elif not at_work:
        write.set_due(tx, order_ids=[known.id], due="approve", at=now)


def _replace_lines(tx: WriteTx, known: Known, lines: Sequence[ObservedLine]) -> bool:
    """Write the lines anew; False if work that was rejected or cancelled still speaks of the old ones."""
    try:
        with tx.savepoint():
            write.delete_lines(tx, order_id=known.id)
    except psycopg.errors.ForeignKeyViolation:
        return False
    write.copy_lines(tx, [(known.id, number, line) for number, line in enumerate(lines, start=1)])
    return True
