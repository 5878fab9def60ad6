"""Location capacity per shift: lock before planning, use when stock is reserved, release with the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from doorstep.domain.network import actions as network
from doorstep.domain.network.model import CapacityUse
from doorstep.domain.routing.model import Network
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
    limited = [(place, each.starts_at) for place, each in shifts.items() if each.shift.most is not None]
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


def without(network: Network, *, works: Iterable[LocationId]) -> Network:
    """The network without the capacity used by work at these locations (one entry per fulfillment order), for replanning."""
    freed = Counter(works)
    limited = {
        place: each for place, each in network.places.items() if each.room is not None and freed[place]
    }
    return replace(
        network,
        places={
            **network.places,
            **{place: replace(each, room=(each.room or 0) + freed[place]) for place, each in limited.items()},
        },
    )


def try_move(
    rooms: dict[LocationId, int], *, leaving: Iterable[LocationId], coming: Iterable[LocationId]
) -> bool:
    """Move work between locations if their shifts have capacity; returns whether it fits, and uses the capacity if so.

    Work that leaves a location frees capacity only for work that comes to it: it may have counted in an earlier shift.
    """
    more = Counter(coming)
    more.subtract(Counter(leaving))
    asked = {place: count for place, count in more.items() if count > 0 and place in rooms}
    if any(count > rooms[place] for place, count in asked.items()):
        return False
    for place, count in asked.items():
        rooms[place] -= count
    return True


def release(tx: WriteTx, *, work_ids: Sequence[int]) -> None:
    """Release the capacity of rejected or canceled work, in the shift in which it was counted."""
    network.release_capacity(tx, fulfillment_order_ids=work_ids)


def delete_old_shifts(context: Context) -> int:
    """Delete shifts that ended two months ago; returns how many."""
    with context.db.write(actor="system") as tx:
        return network.delete_old_shifts(tx, before=context.clock.now() - _REMEMBERED)
