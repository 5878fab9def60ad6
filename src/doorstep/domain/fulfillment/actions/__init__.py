"""Verbs of fulfillment orders. Callers hold the order's lock, so that all its work changes one at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.fulfillment import events, model
from doorstep.domain.fulfillment.model import Assignment, RejectReason, State, Work, WorkLine
from doorstep.domain.fulfillment.store import work as store
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, OrderId, Sku


def open_work(
    tx: WriteTx, *, assignments: Sequence[Assignment], decisions: Mapping[int, int], at: datetime
) -> list[FulfillmentOrderId]:
    """Create a fulfillment order per assignment; `decisions` are routing decision ids by order id."""
    ids = store.next_ids(tx, len(assignments))
    store.copy_work(tx, list(zip(ids, assignments, strict=True)), decisions=decisions, at=at)
    return [FulfillmentOrderId(each) for each in ids]


def release(
    tx: WriteTx, *, work_ids: Sequence[int], codes: Mapping[int, str], at: datetime
) -> list[FulfillmentOrderId]:
    """Release planned work to its locations (`codes` by location id); returns what was still planned. Orders are locked."""
    released = store.release(tx, work_ids=work_ids, at=at)
    reported = [
        events.Released(
            OrderId(each.order_id), FulfillmentOrderId(each.fulfillment_order_id), codes[each.location_id]
        )
        for each in released
    ]
    event_log.append(tx, reported, at=at)
    return [each.fulfillment_order_id for each in reported]


def release_unneeded(tx: WriteTx, *, order_ids: Sequence[OrderId]) -> None:
    """Mark work that was held back for the rest of its order as releasable: the rest is allocated or given up."""
    if order_ids:
        store.unhold(tx, order_ids=order_ids)


def lock_planned(tx: WriteTx, *, order_ids: Sequence[OrderId]) -> list[Work]:
    """Lock the planned work of these locked orders."""
    return store.lock_planned(tx, order_ids=order_ids) if order_ids else []


def withdraw(tx: WriteTx, *, works: Sequence[Work]) -> None:
    """Cancel planned, locked work, so that it can be planned again."""
    for work in works:
        states.transition(model.MOVES, work.state, State.CANCELED, thing=f"Fulfillment order {work.id}")
    store.cancel(tx, work_ids=[work.id for work in works])


def order_of(tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId) -> OrderId:
    """The order to lock before a fulfillment order is changed; raises NotFound."""
    found = store.select_order_id(tx, fulfillment_order_id=fulfillment_order_id)
    if not found:
        raise errors.NotFound(f"There is no fulfillment order {fulfillment_order_id}.")
    return OrderId(found[0])


@dataclass(frozen=True, slots=True)
class Command:
    """A change of a fulfillment order. `version` is what the person saw (None: unguarded)."""

    fulfillment_order_id: FulfillmentOrderId
    location: str
    at: datetime
    version: int | None = None


def lock(tx: WriteTx, *, command: Command) -> Work:
    """The fulfillment order, locked; raises Conflict if it changed since `version`."""
    work = store.lock_work(tx, fulfillment_order_id=command.fulfillment_order_id)
    if work is None:
        raise errors.NotFound(f"There is no fulfillment order {command.fulfillment_order_id}.")
    if command.version is not None and command.version != work.version:
        raise errors.Conflict(
            "This was changed by someone else meanwhile: reload and try again.",
            state=work.state.value,
            version=work.version,
        )
    return work


def _enter(tx: WriteTx, work: Work, state: State, command: Command) -> None:
    states.transition(model.MOVES, work.state, state, thing=f"Fulfillment order {work.id}")
    store.update_state(tx, fulfillment_order_id=work.id, state=state, at=command.at)


def accept(tx: WriteTx, *, command: Command) -> Work:
    """Accept the work."""
    work = lock(tx, command=command)
    _enter(tx, work, State.ACCEPTED, command)
    event_log.append(tx, [events.Accepted(work.order_id, work.id, command.location)], at=command.at)
    return work


def pick(tx: WriteTx, *, command: Command, code: str, barcodes: dict[str, Sku]) -> tuple[Work, WorkLine]:
    """Pick one unit by scan; the last one finishes picking. Returns its line. Raises WrongScan."""
    work = lock(tx, command=command)
    if work.state is not State.ACCEPTED:
        raise errors.Conflict(
            f"This work is {work.state.value}: accept it before picking.", state=work.state.value
        )
    line = model.scan(work.lines, code, barcodes)
    store.add_picked(tx, fulfillment_order_id=work.id, line_no=line.line_no, quantity=1)
    after = store.lock_work(tx, fulfillment_order_id=work.id)
    if after is not None and model.all_picked(after.lines):
        _enter(tx, work, State.PICKED, command)
        event_log.append(tx, [events.Picked(work.order_id, work.id, command.location)], at=command.at)
    return work, line


def pick_all(tx: WriteTx, *, command: Command) -> list[WorkLine]:
    """Pick what is left without scanning; returns the lines with the units picked now."""
    work = lock(tx, command=command)
    left = [
        WorkLine(line.line_no, line.sku, line.quantity - line.picked)
        for line in work.lines
        if line.picked < line.quantity
    ]
    for line in left:
        store.add_picked(tx, fulfillment_order_id=work.id, line_no=line.line_no, quantity=line.quantity)
    _enter(tx, work, State.PICKED, command)
    event_log.append(tx, [events.Picked(work.order_id, work.id, command.location)], at=command.at)
    return left


def pack(tx: WriteTx, *, command: Command) -> Work:
    """Pack the work; its label is requested."""
    work = lock(tx, command=command)
    _enter(tx, work, State.PACKED, command)
    store.pack_all(tx, fulfillment_order_id=work.id)
    event_log.append(tx, [events.Packed(work.order_id, work.id, command.location)], at=command.at)
    return work


def ship(tx: WriteTx, *, command: Command) -> Work | None:
    """Ship the parcel; None if it was shipped before (a carrier's scan and a person may both report it)."""
    work = lock(tx, command=command)
    if work.state is State.SHIPPED:
        return None
    _enter(tx, work, State.SHIPPED, command)
    return work


def reject(tx: WriteTx, *, command: Command, reason: RejectReason, note: str) -> Work:
    """Reject the work."""
    work = lock(tx, command=command)
    _enter(tx, work, State.REJECTED, command)
    store.update_rejection(tx, fulfillment_order_id=work.id, reason=reason.value, note=note)
    fact = events.Rejected(work.order_id, work.id, command.location, reason.value, note)
    event_log.append(tx, [fact], at=command.at)
    return work


def request_recall(tx: WriteTx, *, command: Command, why: str) -> Work:
    """Request a recall of released work. Raises Conflict if that is too late or was requested already."""
    work = lock(tx, command=command)
    if work.state not in model.RECALLABLE or work.recall_requested:
        said = (
            "A recall was requested already."
            if work.recall_requested
            else f"It is {work.state.value}: it cannot be recalled."
        )
        raise errors.Conflict(said, state=work.state.value, version=work.version)
    store.request_recall(tx, fulfillment_order_id=work.id, by=tx.actor, why=why, at=command.at)
    event_log.append(
        tx, [events.RecallRequested(work.order_id, work.id, command.location, why)], at=command.at
    )
    return work


def decline_recall(tx: WriteTx, *, command: Command, note: str) -> None:
    """Decline a recall. Raises Conflict if none is requested."""
    work = lock(tx, command=command)
    if not work.recall_requested:
        raise errors.Conflict(
            "No recall is requested any more.", state=work.state.value, version=work.version
        )
    store.decline_recall(tx, fulfillment_order_id=work.id)
    event_log.append(
        tx, [events.RecallDeclined(work.order_id, work.id, command.location, note)], at=command.at
    )


def cancel_of_order(
    tx: WriteTx, *, order_id: OrderId, at: datetime, besides: Collection[int] = ()
) -> list[Work]:
    """Cancel what can still be stopped of an order, except the work `besides`; returns it."""
    stopped = []
    for work in store.select_of_order(tx, order_id=order_id):
        if State.CANCELED in model.MOVES[work.state] and work.id not in besides:
            store.update_state(tx, fulfillment_order_id=work.id, state=State.CANCELED, at=at)
            stopped.append(work)
    return stopped


def overdue(tx: WriteTx, *, reported: Sequence[events.Overdue], at: datetime) -> int:
    """Record an escalation stage once per stage; the orders are locked. Returns how many are new."""
    fresh = store.upsert_unaccepted(
        tx, stages={each.fulfillment_order_id: each.stage for each in reported}, at=at
    )
    event_log.append(tx, [each for each in reported if each.fulfillment_order_id in fresh], at=at)
    return len(fresh)
