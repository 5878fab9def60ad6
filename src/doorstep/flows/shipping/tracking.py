"""Follow parcels by their scans, in whatever order they arrive; and read scans again that nobody had understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.domain.returns import actions as returns
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.actions import Shipment
from doorstep.domain.shipping.model import Direction, Scan, TrackingSnapshot, TrackingStatus
from doorstep.flows.shipping.ship import hand_over
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx


def is_unknown(scan: Scan) -> bool:
    """Whether nobody knows what the carrier's code of a scan means."""
    return scan.status is TrackingStatus.UNKNOWN and bool(scan.raw_code)


def translated(seen: TrackingSnapshot, meant: Mapping[str, str]) -> TrackingSnapshot:
    """The same scans, those with unknown codes by what the codes mean."""

    def read(scan: Scan) -> Scan:
        is_meant = is_unknown(scan) and scan.raw_code in meant
        return replace(scan, status=TrackingStatus(meant[scan.raw_code])) if is_meant else scan

    return replace(seen, scans=tuple(read(scan) for scan in seen.scans))


class UnknownParcel(errors.Unavailable):
    """The tracking update is of a parcel that we do not have yet; its label may be on the way."""


def track(tx: WriteTx, *, connection_id: int, seen: TrackingSnapshot, trace_id: str) -> None:
    """Record tracking from a carrier, in whatever order it arrives."""
    found = parcels.tracked(
        tx, connection_id=connection_id, tracking_number=seen.tracking_number, external_id=seen.external_id
    )
    if not found:
        name = seen.tracking_number or seen.external_id
        raise UnknownParcel(f"No parcel has the tracking number {name}.")
    for each in found:
        tx.traces["order", each.order_id] = trace_id
    orders.lock_all(tx, order_ids={each.order_id for each in found})
    lead = shipping.lock(tx, shipment_id=found[0].id)
    if shipping.record_scans(tx, shipment=lead, scans=seen.scans):
        _follow(tx, lead)


def _follow(tx: WriteTx, lead: Shipment) -> None:
    """Do what follows from a parcel's scans, if they change its state."""
    parcel = parcels.in_parcel(tx, parcel_id=lead.parcel_id)
    progress = shipping.progress(tx, shipment=lead)
    if progress is None:
        return
    if lead.direction is Direction.INBOUND:
        _follow_return(tx, lead, progress)
    elif progress.left:
        _follow_orders(tx, parcel, progress)
    shipping.announce(tx, shipments=parcel, progress=progress)


def _follow_orders(tx: WriteTx, parcel: Sequence[Shipment], progress: shipping.Progress) -> None:
    at = progress.now.at
    hand_over(tx, parcel=parcel, at=at)
    if progress.delivered:
        counts = [
            LineCount(each.order_id, line.line_no, line.quantity) for each in parcel for line in each.lines
        ]
        orders.count(tx, counters=["delivered"], counts=counts)
        orders.complete(tx, order_ids=sorted({each.order_id for each in parcel}), now=at)


def _follow_return(tx: WriteTx, shipment: Shipment, progress: shipping.Progress) -> None:
    return_id = shipment.return_id
    if return_id is None:
        return
    if progress.delivered:
        returns.arrived(tx, return_id=return_id, at=progress.now.at)
    elif progress.left:
        returns.mark_in_transit(tx, return_id=return_id, at=progress.now.at)


def not_understood(tx: WriteTx, *, connection_id: int, raw_code: str, limit: int) -> list[list[Shipment]]:
    """Up to `limit` parcels with scans of this code that nobody had mapped."""
    found = parcels.with_unknown_scans(tx, connection_id=connection_id, raw_code=raw_code, limit=limit)
    return [parcels.in_parcel(tx, parcel_id=each) for each in found]


def understand(
    tx: WriteTx, *, contents: Sequence[Sequence[Shipment]], raw_code: str, status: TrackingStatus
) -> None:
    """Give parcels the state that their scans stand for. Their orders and the stock of these are locked."""
    shipping.understand(
        tx, parcel_ids=[each[0].parcel_id for each in contents], raw_code=raw_code, status=status
    )
    for parcel in contents:
        _follow(tx, shipping.lock(tx, shipment_id=parcel[0].id))
