"""Create orders from channel snapshots, and update existing orders from newer ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from doorstep.domain.orders import events
from doorstep.domain.orders.model import (
    SHOWN_ONLY,
    Address,
    Handling,
    Hold,
    HoldReason,
    LineCount,
    OrderSnapshot,
    QueuePlacement,
    SnapshotLine,
    cancel_requested,
)
from doorstep.domain.orders.store import holds, read, routing, write
from doorstep.domain.orders.store.routing import NewRoutingState
from doorstep.domain.orders.store.write import LockedOrder, NewHeader
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.i18n import mark
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import Listed, Message


@dataclass(frozen=True, slots=True)
class Incoming:
    """One order snapshot from a connection; `channel` is its key. `actor` is the sender, if not the current actor."""

    connection_id: int
    channel: str
    snapshot: OrderSnapshot
    trace_id: str
    actor: str = ""

    @property
    def key(self) -> tuple[int, str]:
        return self.connection_id, self.snapshot.external_id


@dataclass(frozen=True, slots=True)
class New:
    """A new order and its reserved id."""

    order_id: OrderId
    incoming: Incoming


@dataclass(frozen=True, slots=True)
class Classified:
    """A batch of snapshots, classified: new orders, and later snapshots of these or of stored orders."""

    new: tuple[New, ...]
    later: tuple[Incoming, ...]
    known: Mapping[tuple[int, str], LockedOrder]

    @property
    def decidable(self) -> list[New]:
        """New orders that can be decided before they are written: the batch has no later snapshot of them."""
        more = {each.key for each in self.later}
        return [
            each
            for each in self.new
            if each.incoming.key not in more and each.incoming.snapshot.canceled_at is None
        ]


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions on new orders before they were written; an order without an entry in `holds` is not checked yet.

    Checked orders without holds are approved, and then either routed or short.
    """

    holds: Mapping[OrderId, Sequence[Hold]] = field(default_factory=dict)
    counts: Sequence[LineCount] = ()
    routed: Mapping[OrderId, events.Allocated] = field(default_factory=dict)
    short: Mapping[OrderId, tuple[str, ...]] = field(default_factory=dict)
    queued: Mapping[OrderId, QueuePlacement] = field(default_factory=dict)
    promised: Mapping[OrderId, datetime] = field(default_factory=dict)

    @property
    def unrouted(self) -> list[OrderId]:
        """Orders that still wait: held or short."""
        return sorted({order_id for order_id, holds in self.holds.items() if holds} | self.short.keys())


@dataclass(frozen=True, slots=True)
class Accepted:
    """The effect of a snapshot. `canceled` means that the channel canceled an order that is still in work."""

    order_id: OrderId
    incoming: Incoming
    is_new: bool
    changes: tuple[str, ...] = ()
    canceled: bool = False


def classify(tx: WriteTx, *, incoming: Sequence[Incoming], also: Sequence[OrderId] = ()) -> Classified:
    """Classify snapshots into new and known orders. Known orders, and `also` these, are locked; nothing is written yet."""
    known = {
        (row.connection_id, row.external_id): row
        for row in write.lock_known(tx, keys=[each.key for each in incoming], also=also)
    }
    first: dict[tuple[int, str], Incoming] = {}
    later: list[Incoming] = []
    for each in incoming:
        if each.key in known or each.key in first:
            later.append(each)
        else:
            first[each.key] = each
    ids = write.next_ids(tx, len(first)) if first else []
    new = tuple(New(OrderId(order_id), each) for order_id, each in zip(ids, first.values(), strict=True))
    return Classified(new, tuple(later), known)


def upsert(
    tx: WriteTx, *, reported: Classified, decided: Decided | None = None, now: datetime
) -> list[Accepted]:
    """Store new orders as decided, and apply newer snapshots; older ones have no effect.

    Returns what is new or changed. Undecided new orders are due for approval.
    """
    _store(tx, reported.new, decided or Decided(), now)
    accepted = [
        Accepted(each.order_id, each.incoming, is_new=True, canceled=_is_canceled(each.incoming))
        for each in reported.new
    ]
    known = dict(reported.known)
    for each in reported.later:
        known |= {} if each.key in known else _lock_known(tx, each)
        merged = _merge(tx, each, known[each.key], now)
        if merged is not None:
            accepted.append(merged)
            known |= _lock_known(tx, each)
    return accepted


def _is_canceled(incoming: Incoming) -> bool:
    return incoming.snapshot.canceled_at is not None


def _lock_known(tx: WriteTx, each: Incoming) -> dict[tuple[int, str], LockedOrder]:
    return {(row.connection_id, row.external_id): row for row in write.lock_known(tx, keys=[each.key])}


def _store(tx: WriteTx, new: Sequence[New], decided: Decided, now: datetime) -> None:
    """Write every row once, in its final state, in key order, because unique keys are locks, too."""
    if not new:
        return
    new = sorted(new, key=lambda each: each.incoming.key)
    write.copy_headers(tx, (_header(each, decided, now) for each in new))
    routing.copy_routing_states(tx, _routing_states(new, decided, now))
    allocated = {(each.order_id, each.line_no): each.quantity for each in decided.counts}
    write.copy_lines(
        tx, [(each.order_id, each.incoming.snapshot.stored_lines) for each in new], allocated=allocated
    )
    write.copy_addresses(tx, (address for each in new for address in _addresses(each)))
    placed = [(order_id, hold) for order_id, each in decided.holds.items() for hold in each]
    if placed:
        holds.insert_holds(tx, placed, at=now)
    _append_events(tx, new, decided, now)


def _addresses(each: New) -> list[tuple[int, str, Address]]:
    order = each.incoming.snapshot
    both = (("shipping", order.shipping_address), ("billing", order.billing_address))
    return [(each.order_id, kind, address) for kind, address in both if address is not None]


def _append_events(tx: WriteTx, new: Sequence[New], decided: Decided, now: datetime) -> None:
    """The events of new orders: placed by the sender, decided by the current actor."""
    tx.traces |= {("order", each.order_id): each.incoming.trace_id for each in new}
    event_log.begin(tx, stream="order", ids=[each.order_id for each in new])
    for actor in {each.incoming.actor: None for each in new}:
        with tx.acting(actor or tx.actor):
            placed = [_placed(each) for each in new if each.incoming.actor == actor]
            event_log.append(tx, placed, at=now)
    reported: list[event_log.DomainEvent] = []
    for order_id, each in decided.holds.items():
        if each:
            reported.append(events.Held(order_id, tuple(sorted({hold.reason.value for hold in each}))))
            continue
        reported.append(events.Approved(order_id))
        if order_id in decided.routed:
            reported.append(decided.routed[order_id])
        if order_id in decided.short:
            reported.append(events.Short(order_id, decided.short[order_id]))
    event_log.append(tx, reported, at=now)


def _placed(each: New) -> events.Placed:
    order = each.incoming.snapshot
    known = (order.shipping_address, order.billing_address)
    shown_only = order.handling in SHOWN_ONLY  # nobody is written to about these
    addresses = [] if shown_only else [each for each in known if each is not None]
    return events.Placed(
        each.order_id,
        each.incoming.channel,
        order.number,
        len(order.lines),
        order.total_minor,
        order.currency,
        has_email=any(address.email for address in addresses),
        has_phone=any(address.phone for address in addresses),
    )


def _header(each: New, decided: Decided, now: datetime) -> NewHeader:
    incoming, found = each.incoming, decided.holds.get(each.order_id)
    return NewHeader(
        id=each.order_id,
        connection_id=incoming.connection_id,
        trace_id=incoming.trace_id,
        snapshot=incoming.snapshot,
        accepted_at=now,
        approved_at=now if found is not None and not found else None,
        promised_at=decided.promised.get(each.order_id),
    )


def _routing_states(new: Sequence[New], decided: Decided, now: datetime) -> list[NewRoutingState]:
    """What new orders wait for: undecided ones for their checks, short ones in their queues, all others for nothing."""
    return [
        NewRoutingState(each.order_id, decided.queued.get(each.order_id), now)
        for each in new
        if each.order_id not in decided.holds or each.order_id in decided.short
    ]


def _merge(tx: WriteTx, each: Incoming, known: LockedOrder, now: datetime) -> Accepted | None:
    """Apply a newer snapshot. An order in work is not changed: a hold asks a person."""
    order = each.snapshot
    if order.version_at < known.version_at:
        return None
    (header,) = read.select_headers(tx, order_ids=[known.id])
    lines = read.select_lines(tx, order_ids=[known.id])
    stored = read.snapshot(header, lines, read.select_addresses(tx, order_ids=[known.id]))
    changes = _changes(stored, order)
    tx.traces["order", known.id] = each.trace_id
    is_new = order.canceled_at is not None and known.channel_canceled_at is None
    canceled = is_new and known.canceled_at is None
    if any(line.shipped + line.canceled < line.quantity for line in lines):
        _ask_to_cancel(tx, known, order, now)  # also of the same version: vendors' times have whole seconds
    if not changes and not canceled and order.version_at == known.version_at:
        return None
    write.update_header(tx, order_id=known.id, reported=order)
    if changes:
        _apply(tx, known, order, changes, now)
        event_log.append(tx, [events.UpdatedByChannel(OrderId(known.id), changes)], at=now)
    if not changes and not canceled:
        return None
    return Accepted(OrderId(known.id), each, is_new=False, changes=changes, canceled=canceled)


def _ask_to_cancel(tx: WriteTx, known: LockedOrder, order: OrderSnapshot, now: datetime) -> None:
    """Hold an order whose customer asks to cancel it, once: what a person has decided stays."""
    if not order.cancel_request or order.canceled_at or known.canceled_at or order.handling in SHOWN_ONLY:
        return
    hold = cancel_requested(order)
    if not holds.select_ever_held(tx, order_id=known.id, reason=hold.reason.value):
        holds.insert_holds(tx, [(known.id, hold)], at=now)
        event_log.append(tx, [events.Held(OrderId(known.id), (hold.reason.value,))], at=now)


def _changes(stored: OrderSnapshot, reported: OrderSnapshot) -> tuple[str, ...]:
    """Names of changed fields; payment only moves towards paid."""
    found = {
        "payment": (reported.payment.is_paid and not stored.payment.is_paid)
        or (reported.payment.on_delivery != stored.payment.on_delivery),
        "address": reported.shipping_address is not None
        and reported.shipping_address != stored.shipping_address,
        "lines": _by_line(stored.lines) != _by_line(reported.lines),
        "totals": _totals(stored) != _totals(reported),
        "handling": stored.handling is Handling.WAITING and reported.handling is not Handling.WAITING,
    }
    return tuple(name for name, differs in found.items() if differs)


def _totals(order: OrderSnapshot) -> tuple[object, ...]:
    """The fields that the totals check compares."""
    tax = 0 if order.tax_included else order.tax_minor
    return order.currency, order.total_minor, order.shipping_minor, order.tip_minor, order.tax_included, tax


def _by_line(lines: Sequence[SnapshotLine]) -> dict[str, tuple[str, int, int, int]]:
    return {
        line.external_line_id: (line.sku, line.quantity, line.unit_price_minor, line.discount_minor)
        for line in lines
    }


def _apply(
    tx: WriteTx, known: LockedOrder, order: OrderSnapshot, changes: Sequence[str], now: datetime
) -> None:
    if known.canceled_at is not None:
        return
    at_work = known.allocated > 0
    if "lines" in changes and not at_work:
        at_work = not _replace_lines(tx, known, order.stored_lines)
    if "address" in changes and order.shipping_address is not None:
        write.replace_address(tx, order_id=known.id, kind="shipping", address=order.shipping_address)
    if at_work and {"address", "lines"} & set(changes):
        what = tuple(
            Message(word)
            for name, word in (("address", mark("address")), ("lines", mark("lines")))
            if name in changes
        )
        message = Message(
            "The channel changed the %(parts)s after work had started: compare both, then release or cancel.",
            parts=Listed(what, "and"),
        )
        hold = Hold(HoldReason.CHANGED_AFTER_RELEASE, message)
        holds.insert_holds(tx, [(known.id, hold)], at=now)
        event_log.append(tx, [events.Held(OrderId(known.id), (hold.reason.value,))], at=now)
    elif not at_work:
        routing.set_due(tx, order_ids=[known.id], due="approve", at=now)


def _replace_lines(tx: WriteTx, known: LockedOrder, lines: Sequence[SnapshotLine]) -> bool:
    """Replace the lines; False if rejected or canceled work still refers to the old ones."""
    if not write.delete_lines(tx, order_id=known.id):
        return False
    write.copy_lines(tx, [(OrderId(known.id), lines)], allocated={})
    return True
