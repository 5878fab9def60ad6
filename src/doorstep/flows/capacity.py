"""Room in shifts: locked before a batch is planned, counted where its stock is reserved, given back with the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.network import actions as network
from doorstep.domain.network.model import Take
from doorstep.flows import lanes
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId


@dataclass(frozen=True, slots=True)
class Asked:
    """What a fulfillment order asks of its location."""

    fulfillment_order_id: FulfillmentOrderId
    location_id: LocationId
    lines: int
    units: int


def lock(tx: WriteTx, *, at: datetime) -> None:
    """Lock the shifts that have a limit: the room that is planned with is there when the work is counted.

    Called after the stock is locked and before `lanes.network`; shifts without a limit are nobody's queue.
    """
    shifts = lanes.configuration(tx, at=at).moment(at).shifts
    limited = [(place, each.starts_at) for place, each in shifts.items() if each.shift.most is not None]
    network.lock_shifts(tx, shifts=limited)


def take(tx: WriteTx, *, works: Sequence[Asked], at: datetime) -> None:
    """Count new work in the shift that runs, or comes next; locations without shifts count nothing."""
    shifts = lanes.configuration(tx, at=at).moment(at).shifts
    takes = [
        Take(
            each.fulfillment_order_id,
            each.location_id,
            shifts[each.location_id].starts_at,
            each.lines,
            each.units,
        )
        for each in works
        if each.location_id in shifts
    ]
    network.take(tx, takes=takes)


def give_back(tx: WriteTx, *, work_ids: Sequence[int]) -> None:
    """Rejected or cancelled work leaves the shift that it was counted in."""
    network.give_back(tx, fulfillment_order_ids=work_ids)
