"""Verbs of parcels. Callers hold the order's lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.shipping import events as facts
from doorstep.domain.shipping import model, store
from doorstep.domain.shipping.model import Label, LabelState, Scan, TrackingStatus
from doorstep.domain.shipping.store import Intent, Shipment, ShipmentLine
from doorstep.kernel import errors, events, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ShipmentId

__all__ = ["Intent", "Shipment", "ShipmentLine"]


def request_label(tx: WriteTx, *, intent: Intent, at: datetime) -> ShipmentId | None:
    """Store the intent to buy a label; None if the work or return has one already. Consolidated work needs none of its own."""
    shipment_id = store.insert_intent(tx, intent, at=at)
    if shipment_id is not None and intent.rides_with is None:
        fact = facts.LabelRequested(intent.order_id, shipment_id, intent.direction.value)
        events.append(tx, [fact], at=at)
    return shipment_id


def lock(tx: WriteTx, *, shipment_id: ShipmentId) -> Shipment:
    """One parcel, locked; raises NotFound."""
    found = store.lock_shipment(tx, shipment_id=shipment_id)
    if found is None:
        raise errors.NotFound(f"There is no shipment {shipment_id}.")
    return found


def _enter(shipment: Shipment, state: LabelState) -> None:
    states.transition(
        model.LABEL_MOVES, shipment.label_state, state, thing=f"The label of {shipment.reference}"
    )


def mark_requested(tx: WriteTx, *, shipment_id: ShipmentId, at: datetime) -> tuple[Shipment, bool]:
    """Mark the label as being requested; returns the parcel and whether it was requested before (then look it up first)."""
    shipment = lock(tx, shipment_id=shipment_id)
    if shipment.label_state is LabelState.PURCHASED:
        return shipment, True
    if shipment.label_state is not LabelState.REQUESTED:
        _enter(shipment, LabelState.REQUESTED)
    return shipment, store.mark_requested(tx, shipment_id=shipment_id, at=at)


def purchased(tx: WriteTx, *, shipment_id: ShipmentId, label: Label, at: datetime) -> Shipment:
    """Record once that the label was bought."""
    shipment = lock(tx, shipment_id=shipment_id)
    if shipment.label_state is LabelState.PURCHASED:
        return shipment
    _enter(shipment, LabelState.PURCHASED)
    store.update_purchased(tx, shipment_id=shipment_id, label=label, at=at)
    fact = facts.LabelPurchased(
        shipment.order_id, shipment_id, shipment.direction.value, label.carrier, label.tracking_number
    )
    events.append(tx, [fact], at=at)
    return shipment


def mark_in_doubt(tx: WriteTx, *, shipment_id: ShipmentId, reason: str, at: datetime) -> None:
    """The outcome of the purchase is unknown: a person must check."""
    shipment = lock(tx, shipment_id=shipment_id)
    _enter(shipment, LabelState.IN_DOUBT)
    store.update_label_state(tx, shipment_id=shipment_id, state=LabelState.IN_DOUBT, error=reason)
    fact = facts.LabelInDoubt(shipment.order_id, shipment_id, shipment.direction.value, reason)
    events.append(tx, [fact], at=at)


def failed(tx: WriteTx, *, shipment_id: ShipmentId, reason: str) -> None:
    """The carrier rejected the label; its reason is shown until a person retries."""
    shipment = lock(tx, shipment_id=shipment_id)
    if shipment.label_state is not LabelState.FAILED:
        _enter(shipment, LabelState.FAILED)
    store.update_label_state(tx, shipment_id=shipment_id, state=LabelState.FAILED, error=reason)


def retry(tx: WriteTx, *, shipment_id: ShipmentId, at: datetime) -> None:
    """Retry a label (the carrier is always asked first whether it sold the label before)."""
    shipment = lock(tx, shipment_id=shipment_id)
    _enter(shipment, LabelState.REQUESTED)
    store.update_label_state(tx, shipment_id=shipment_id, state=LabelState.REQUESTED, error="")
    fact = facts.LabelRequested(shipment.order_id, shipment_id, shipment.direction.value)
    events.append(tx, [fact], at=at)


def dispatch(tx: WriteTx, *, shipment: Shipment, at: datetime) -> None:
    """Ship the parcel; its label must be bought."""
    if shipment.label_state is not LabelState.PURCHASED:
        raise errors.Refused("There is no label yet: wait for the carrier, or see the parcel's error.")
    if shipment.dispatched_at is not None:
        return
    store.update_dispatched(tx, shipment_id=shipment.id, at=at)
    fact = facts.Dispatched(
        shipment.order_id, shipment.id, shipment.direction.value, shipment.tracking_number
    )
    events.append(tx, [fact], at=at)


@dataclass(frozen=True, slots=True)
class Progress:
    """What new scans changed: the state before and after; delivered only the first time."""

    shipment: Shipment
    before: TrackingStatus
    now: Scan
    left: bool
    delivered: bool


def track(tx: WriteTx, *, shipment: Shipment, scans: Sequence[Scan]) -> Progress | None:
    """Store scans and derive the parcel's state from all of them; None if nothing changed."""
    if not scans or not store.insert_scans(tx, shipment_id=shipment.id, scans=scans):
        return None
    latest = model.current(store.select_scans(tx, shipment_id=shipment.id))
    if latest is None:
        return None
    arrived = latest.status in {TrackingStatus.DELIVERED, TrackingStatus.RETURN_DELIVERED}
    delivered = arrived and shipment.delivered_at is None
    store.update_tracking(
        tx, shipment_id=shipment.id, scan=latest, delivered_at=latest.at if arrived else None
    )
    if latest.status is shipment.tracking_status and not delivered:
        return None
    return Progress(
        shipment, shipment.tracking_status, latest, model.left_the_building(latest.status), delivered
    )


def announce(tx: WriteTx, *, progress: Progress) -> None:
    """Record the state derived from the scans."""
    shipment, at = progress.shipment, progress.now.at
    fact: facts.Delivered | facts.Tracked
    if progress.delivered:
        fact = facts.Delivered(
            shipment.order_id, shipment.id, shipment.direction.value, shipment.tracking_number
        )
    else:
        fact = facts.Tracked(
            shipment.order_id, shipment.id, shipment.direction.value, progress.now.status.value
        )
    events.append(tx, [fact], at=at)


def named_by_channel(tx: WriteTx, *, shipment_id: ShipmentId, channel_ref: str) -> None:
    """Store the sales channel's reference of this parcel."""
    store.update_channel_ref(tx, shipment_id=shipment_id, channel_ref=channel_ref)
