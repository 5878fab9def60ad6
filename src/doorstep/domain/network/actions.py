"""Change locations and their configuration (hours, rates, capacity), capacity use and pauses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from doorstep.domain.network import events
from doorstep.domain.network.model import CapacityUse, Document, Load, Location, Outage, Pause, Throughput
from doorstep.domain.network.model.capacity import ShiftKey
from doorstep.domain.network.model.location import check
from doorstep.domain.network.store import capacity, documents, outages
from doorstep.domain.network.store import locations as store
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId
from doorstep.kernel.message import Message, written


def put(tx: WriteTx, *, locations: Sequence[Location], at: datetime) -> None:
    """Create locations, or update them by code; `active` is not changed. Raises Invalid for the first wrong field."""
    for location in locations:
        check(location)
    before = {each.code: each for each in store.select_locations(tx)}
    store.upsert_locations(tx, locations)
    after = {each.code: each for each in store.select_locations(tx)}
    changed = [after[each.code] for each in locations if before.get(each.code) != after[each.code]]
    if not changed:
        return
    store.renew_token(tx)
    reported = [
        (events.Changed if each.code in before else events.Created)(each.id, each.code) for each in changed
    ]
    event_log.append(tx, reported, at=at)


def close(tx: WriteTx, *, location_id: int, reason: str, at: datetime) -> Location:
    """Close a location. Raises Invalid without a reason, Conflict if it is already closed."""
    if not reason.strip():
        raise errors.Invalid("Enter a reason for closing the location.", field="reason")
    found = _lock(tx, location_id)
    if not found.active:
        raise errors.Conflict(f"Location {found.code} is already closed.")
    store.update_active(tx, location_id=location_id, active=False)
    store.renew_token(tx)
    event_log.append(tx, [events.Closed(found.id, found.code, reason.strip())], at=at)
    return found


def reopen(tx: WriteTx, *, location_id: int, at: datetime) -> Location:
    """Reopen a closed location. Raises Conflict if it is open."""
    found = _lock(tx, location_id)
    if found.active:
        raise errors.Conflict(f"Location {found.code} is already open.")
    store.update_active(tx, location_id=location_id, active=True)
    store.renew_token(tx)
    event_log.append(tx, [events.Reopened(found.id, found.code)], at=at)
    return found


def _lock(tx: WriteTx, location_id: int) -> Location:
    found = store.lock_location(tx, location_id=location_id)
    if found is None:
        raise errors.NotFound(f"There is no location {location_id}.")
    return found


def configure(tx: WriteTx, *, document: Document, note: str, at: datetime) -> bool:
    """Activate a document from the next batch on; False if it changes nothing. The caller has compiled it."""
    if not note.strip():
        raise errors.Invalid("Enter a reason for the change.", field="note")
    if document == documents.select_document(tx):
        return False
    version = documents.insert_document(tx, document, note=note.strip(), at=at)
    store.renew_token(tx)
    event_log.append(tx, [events.Configured(version, note.strip())], at=at)
    return True


def pause(tx: WriteTx, *, location_id: int, reason: str, until_at: datetime | None, at: datetime) -> None:
    """Stop routing to a location until the given time or until it is resumed; its current work stays."""
    if not reason.strip():
        raise errors.Invalid("Enter a reason for the pause.", field="reason")
    if until_at is not None and until_at <= at:
        raise errors.Invalid("A pause must end in the future.", field="until_at")
    if location_id not in {each.id for each in store.select_locations(tx)}:
        raise errors.NotFound(f"There is no location {location_id}.")
    capacity.upsert_pause(tx, Pause(LocationId(location_id), reason.strip(), at, until_at, tx.actor))
    event_log.append(tx, [events.Paused(location_id, reason.strip(), until_at)], at=at)


def resume(tx: WriteTx, *, location_id: int, at: datetime) -> bool:
    """Resume routing to a location; False if it was not paused."""
    if not capacity.delete_pause(tx, location_id=location_id):
        return False
    event_log.append(tx, [events.Resumed(location_id)], at=at)
    return True


def start_carrier_outage(
    tx: WriteTx, *, carrier: str, reason: str, until_at: datetime | None, at: datetime
) -> None:
    """Record a carrier outage set by a user, until the given time or until it is ended."""
    if not reason.strip():
        raise errors.Invalid("Enter a reason for the outage.", field="reason")
    if until_at is not None and until_at <= at:
        raise errors.Invalid("An outage must end in the future.", field="until_at")
    _record_outage(
        tx, Outage(carrier, written(reason.strip()), at, until_at, is_noticed=False, actor=tx.actor), at
    )


def start_detected_outage(
    tx: WriteTx, *, carrier: str, reason: Message, until_at: datetime, at: datetime
) -> bool:
    """Record a carrier outage detected from failed calls; False if the carrier is already out.

    An outage set by a user keeps its reason; a detected one is extended.
    """
    outage = Outage(carrier, reason, at, until_at, is_noticed=True, actor=tx.actor)
    known = outages.lock_outage(tx, carrier=carrier)
    if known is None:
        _record_outage(tx, outage, at)
    elif known.is_noticed:
        outages.upsert_outage(tx, outage)
        store.renew_token(tx)
    return known is None


def _record_outage(tx: WriteTx, outage: Outage, at: datetime) -> None:
    outages.upsert_outage(tx, outage)
    store.renew_token(tx)
    event_log.append(
        tx, [events.CarrierOutageStarted(outage.carrier, outage.reason.english(), outage.until_at)], at=at
    )


def end_carrier_outage(tx: WriteTx, *, carrier: str, at: datetime) -> bool:
    """End a carrier outage; False if there was none."""
    if not outages.delete_outage(tx, carrier=carrier):
        return False
    _end_outages(tx, [carrier], at)
    return True


def _end_outages(tx: WriteTx, carriers: Sequence[str], at: datetime) -> None:
    store.renew_token(tx)
    event_log.append(tx, [events.CarrierOutageEnded(carrier) for carrier in carriers], at=at)


def end_over(tx: WriteTx, *, at: datetime) -> int:
    """End pauses and outages that have expired; returns how many."""
    resumed, back = capacity.delete_pauses_over(tx, at=at), outages.delete_over(tx, at=at)
    event_log.append(tx, [events.Resumed(location_id) for location_id in resumed], at=at)
    if back:
        _end_outages(tx, back, at)
    return len(resumed) + len(back)


def lock_shifts(tx: WriteTx, *, shifts: Sequence[ShiftKey]) -> list[Load]:
    """Lock these shifts in key order, so that their usage cannot change until this transaction ends."""
    if not shifts:
        return []
    capacity.ensure_loads(tx, shifts)
    return capacity.lock_loads(tx, shifts)


def use_capacity(tx: WriteTx, *, takes: Sequence[CapacityUse]) -> None:
    """Count work in its shift."""
    if not takes:
        return
    lock_shifts(tx, shifts=sorted({(each.location_id, each.starts_at) for each in takes}))
    capacity.add_loads(tx, _sums(takes, sign=1))
    capacity.copy_work(tx, takes)


def release_capacity(tx: WriteTx, *, fulfillment_order_ids: Sequence[int]) -> None:
    """Release the capacity of work that a location does not do; repeating it changes nothing."""
    gone = capacity.delete_work(tx, fulfillment_order_ids=fulfillment_order_ids)
    if gone:
        capacity.lock_loads(tx, sorted({(each.location_id, each.starts_at) for each in gone}))
        capacity.add_loads(tx, _sums(gone, sign=-1))


def _sums(takes: Iterable[CapacityUse], *, sign: int) -> list[Load]:
    total: dict[ShiftKey, tuple[int, int, int]] = {}
    for each in takes:
        orders, lines, units = total.get((each.location_id, each.starts_at), (0, 0, 0))
        total[each.location_id, each.starts_at] = (
            orders + sign,
            lines + sign * each.lines,
            units + sign * each.units,
        )
    return [Load(*shift, *counts) for shift, counts in total.items()]


def record_throughput(tx: WriteTx, *, throughput: Sequence[Throughput]) -> None:
    """Store the measured performance of locations."""
    if throughput:
        capacity.upsert_throughput(tx, throughput)


def delete_old_shifts(tx: WriteTx, *, before: datetime) -> int:
    """Delete shifts that began before this time; their usage is no longer needed. Returns how many."""
    return capacity.delete_shifts(tx, before=before)
