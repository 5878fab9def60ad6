"""Room in shifts: locked before a batch is planned, counted where its stock is reserved, given back with the work."""

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


def use(tx: WriteTx, *, works: Sequence[NewWork], at: datetime) -> None:
    """Count new work in the shift that runs, or comes next; locations without shifts count nothing."""
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
    """The network as if work at these locations (one entry each) took no room: what planned work is planned again in."""
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
    """Whether shifts take work that comes to them from others, one entry each; takes the room if they do.

    What leaves makes room only for what comes to the same place: it may have counted in an earlier shift.
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
    """Rejected or canceled work leaves the shift that it was counted in."""
    network.release_capacity(tx, fulfillment_order_ids=work_ids)


def delete_old_shifts(context: Context) -> int:
    """Periodic: shifts of the month before last are forgotten; returns how many."""
    with context.db.write(actor="system") as tx:
        return network.delete_old_shifts(tx, before=context.clock.now() - _REMEMBERED)
