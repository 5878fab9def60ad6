"""Location capacity per shift: lock before planning, use when stock is reserved, release with the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.domain.network import actions as network
from doorstep.domain.network.model import CapacityUse
from doorstep.flows.context import Context
from doorstep.flows.network import lanes
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId

_REMEMBERED = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class NewWork:
    """A new fulfillment order and how much it counts: lines and units."""

    fulfillment_order_id: FulfillmentOrderId
    location_id: LocationId
    lines: int
    units: int


def lock(tx: WriteTx, *, at: datetime) -> None:
    """Lock the shifts that have a limit, so that planned capacity is still there when work is counted.

    Call it after the stock is locked and before `lanes.network`. Shifts without a limit are not locked.
    """
    shifts = lanes.configuration(tx, at=at).moment(at).shifts
    limited = [(location, each.starts_at) for location, each in shifts.items() if each.shift.most is not None]
    network.lock_shifts(tx, shifts=limited)


def use(tx: WriteTx, *, works: Sequence[NewWork], at: datetime) -> None:
    """Count new work in the current or next shift; locations without shifts count nothing."""
    shifts = lanes.configuration(tx, at=at).moment(at).shifts
    takes = [
        CapacityUse(
            each.fulfillment_order_id,
            each.location_id,
            shifts[each.location_id].starts_at,
            each.lines,
            each.units,
        )
        for each in works
        if each.location_id in shifts
    ]
    network.use_capacity(tx, takes=takes)


def release(tx: WriteTx, *, work_ids: Sequence[int]) -> None:
    """Release the capacity of rejected or canceled work, in the shift in which it was counted."""
    network.release_capacity(tx, fulfillment_order_ids=work_ids)


def delete_old_shifts(context: Context) -> int:
    """Delete shifts that ended two months ago; returns how many."""
    return context.db.transact(
        lambda tx: network.delete_old_shifts(tx, before=context.clock.now() - _REMEMBERED), actor="system"
    )
