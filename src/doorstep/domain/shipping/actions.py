"""Verbs of parcels. Callers hold the locks of all orders in the parcel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.domain.shipping import events, model
from doorstep.domain.shipping.model import Label, LabelState, Scan, TrackingStatus
from doorstep.domain.shipping.store import labels, tracking
from doorstep.domain.shipping.store import parcels as store
from doorstep.domain.shipping.store.parcels import Contents, NewParcel, Shipment, ShipmentLine
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ShipmentId

__all__ = ["Contents", "NewParcel", "Shipment", "ShipmentLine"]


def request_label(tx: WriteTx, *, parcel: NewParcel, at: datetime) -> list[ShipmentId]:
    """Store a parcel and the intent to buy its label; returns its shipments. A return that has a parcel gets no other."""
    return_ids = [each.return_id for each in parcel.contents if each.return_id is not None]
    if any(store.select_of_return(tx, return_id=return_id) for return_id in return_ids):
        return []
    parcel_id = store.insert_parcel(tx, parcel=parcel)
    shipment_ids = [store.insert_shipment(tx, parcel_id=parcel_id, contents=each) for each in parcel.contents]
    first = shipment_ids[0]
    labels.insert_intent(tx, parcel_id=parcel_id, first=first, connection_id=parcel.connection_id, at=at)
    fact = events.LabelRequested(parcel.contents[0].order_id, first, parcel.direction.value)
    event_log.append(tx, [fact], at=at)
    return shipment_ids


def record_parcel(tx: WriteTx, *, parcel: NewParcel, label: Label, at: datetime) -> ShipmentId:
    """Store a parcel of one order that somebody else packed and labeled: nothing is bought."""
    parcel_id = store.insert_parcel(tx, parcel=parcel)
    shipment_id = store.insert_shipment(tx, parcel_id=parcel_id, contents=parcel.contents[0])
    labels.insert_intent(
        tx, parcel_id=parcel_id, first=shipment_id, connection_id=parcel.connection_id, at=at
    )
    labels.update_purchased(tx, parcel_id=parcel_id, label=label, at=at)
    return shipment_id


def lock(tx: WriteTx, *, shipment_id: ShipmentId) -> Shipment:
    """One shipment, its parcel locked; raises NotFound."""
    found = store.lock_shipment(tx, shipment_id=shipment_id)
    if found is None:
        raise errors.NotFound(f"There is no shipment {shipment_id}.")
    return found


def _enter(shipment: Shipment, state: LabelState) -> None:
    states.transition(
        model.LABEL_MOVES, shipment.label_state, state, thing=f"The label of {shipment.label_reference}"
    )


def mark_requested(tx: WriteTx, *, shipment_id: ShipmentId, at: datetime) -> tuple[Shipment, bool]:
    """Mark the label as being requested; returns the shipment and whether it was requested before (then look it up first)."""
    shipment = lock(tx, shipment_id=shipment_id)
    if shipment.label_state is LabelState.PURCHASED:
        return shipment, True
    if shipment.label_state is not LabelState.REQUESTED:
        _enter(shipment, LabelState.REQUESTED)
    return shipment, labels.mark_requested(tx, parcel_id=shipment.parcel_id, at=at)


def purchased(tx: WriteTx, *, shipment_id: ShipmentId, label: Label, at: datetime) -> None:
    """Record once that the label was bought, for each order in the parcel."""
    shipment = lock(tx, shipment_id=shipment_id)
    if shipment.label_state is LabelState.PURCHASED:
        return
    _enter(shipment, LabelState.PURCHASED)
    labels.update_purchased(tx, parcel_id=shipment.parcel_id, label=label, at=at)
    reported = [
        events.LabelPurchased(
            each.order_id, each.id, each.direction.value, label.carrier, label.tracking_number
        )
        for each in store.select_in_parcel(tx, parcel_id=shipment.parcel_id)
    ]
    event_log.append(tx, reported, at=at)


def mark_in_doubt(tx: WriteTx, *, shipment_id: ShipmentId, reason: str, at: datetime) -> None:
    """The outcome of the purchase is unknown: a person must check."""
    shipment = lock(tx, shipment_id=shipment_id)
    _enter(shipment, LabelState.IN_DOUBT)
    labels.update_state(tx, parcel_id=shipment.parcel_id, state=LabelState.IN_DOUBT, error=reason)
    fact = events.LabelInDoubt(shipment.order_id, shipment_id, shipment.direction.value, reason)
    event_log.append(tx, [fact], at=at)


def failed(tx: WriteTx, *, shipment_id: ShipmentId, reason: str, at: datetime) -> None:
    """The carrier rejected the label; its reason is shown until a person retries, and stays in each order's timeline."""
    shipment = lock(tx, shipment_id=shipment_id)
    labels.update_state(tx, parcel_id=shipment.parcel_id, state=LabelState.FAILED, error=reason)
    if shipment.label_state is LabelState.FAILED:
        return
    _enter(shipment, LabelState.FAILED)
    reported = [
        events.LabelFailed(each.order_id, each.id, each.direction.value, reason)
        for each in store.select_in_parcel(tx, parcel_id=shipment.parcel_id)
    ]
    event_log.append(tx, reported, at=at)


def retry(tx: WriteTx, *, shipment_id: ShipmentId, at: datetime) -> None:
    """Retry the label of a parcel (the carrier is always asked first whether it sold the label before)."""
    shipment = lock(tx, shipment_id=shipment_id)
    _enter(shipment, LabelState.REQUESTED)
    labels.update_state(tx, parcel_id=shipment.parcel_id, state=LabelState.REQUESTED, error="")
    first, *_ = store.select_in_parcel(tx, parcel_id=shipment.parcel_id)
    fact = events.LabelRequested(first.order_id, first.id, first.direction.value)
    event_log.append(tx, [fact], at=at)


def dispatch(tx: WriteTx, *, shipments: Sequence[Shipment], at: datetime) -> None:
    """Ship a parcel with everything in it (`shipments`), once; its label must be bought."""
    first, *_ = shipments
    if first.label_state is not LabelState.PURCHASED:
        raise errors.Refused("There is no label yet: wait for the carrier, or see the parcel's error.")
    if first.dispatched_at is not None:
        return
    store.update_dispatched(tx, parcel_id=first.parcel_id, at=at)
    reported = [
        events.Dispatched(each.order_id, each.id, each.direction.value, each.tracking_number)
        for each in shipments
    ]
    event_log.append(tx, reported, at=at)


@dataclass(frozen=True, slots=True)
class Progress:
    """What new scans changed: the parcel's state before and after; delivered only the first time."""

    before: TrackingStatus
    now: Scan
    left: bool
    delivered: bool


def look_up_silent(
    tx: WriteTx,
    *,
    connection_ids: Sequence[int],
    after: timedelta,
    until: timedelta,
    at: datetime,
    limit: int,
) -> int:
    """Have carriers asked for parcels on the way without news for so long, up to an age; returns how many."""
    found = store.claim_silent(
        tx,
        connection_ids=connection_ids,
        silent_since=at - after,
        shipped_since=at - until,
        at=at,
        limit=limit,
    )
    event_log.append(tx, [events.TrackingDue(ShipmentId(each)) for each in found], at=at)
    return len(found)


def record_scans(tx: WriteTx, *, shipment: Shipment, scans: Sequence[Scan]) -> bool:
    """Store scans of a parcel; whether there were new ones."""
    return bool(scans) and tracking.insert_events(tx, parcel_id=shipment.parcel_id, scans=scans) > 0


def understand(tx: WriteTx, *, parcel_ids: Sequence[int], raw_code: str, status: TrackingStatus) -> None:
    """Give the scans with this code of the carrier the status that it stands for."""
    tracking.update_unknown(tx, parcel_ids=parcel_ids, raw_code=raw_code, status=status)


def progress(tx: WriteTx, *, shipment: Shipment) -> Progress | None:
    """Derive the state of a parcel from all of its scans; None if nothing changed."""
    latest = model.current(tracking.select_events(tx, parcel_id=shipment.parcel_id))
    if latest is None:
        return None
    arrived = latest.status in {TrackingStatus.DELIVERED, TrackingStatus.RETURN_DELIVERED}
    delivered = arrived and shipment.delivered_at is None
    tracking.update_status(
        tx, parcel_id=shipment.parcel_id, scan=latest, delivered_at=latest.at if arrived else None
    )
    if latest.status is shipment.tracking_status and not delivered:
        return None
    return Progress(shipment.tracking_status, latest, model.is_with_carrier(latest.status), delivered)


def announce(tx: WriteTx, *, shipments: Iterable[Shipment], progress: Progress) -> None:
    """Record the state derived from the scans, for each order in the parcel."""
    reported: list[events.Delivered | events.Tracked] = [
        events.Delivered(each.order_id, each.id, each.direction.value, each.tracking_number)
        if progress.delivered
        else events.Tracked(each.order_id, each.id, each.direction.value, progress.now.status.value)
        for each in shipments
    ]
    event_log.append(tx, reported, at=progress.now.at)


def named_by_channel(tx: WriteTx, *, shipment_id: ShipmentId, channel_ref: str) -> None:
    """Store the sales channel's reference of this shipment."""
    store.update_channel_ref(tx, shipment_id=shipment_id, channel_ref=channel_ref)
