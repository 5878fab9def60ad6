"""Release planned work to its location, at the location's throughput; measure that throughput."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.views import ReleasableWork
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.domain.network.model import Throughput
from doorstep.domain.orders import actions as orders
from doorstep.domain.routing.model import capacity
from doorstep.domain.routing.model.capacity import Planned, ReleasePoint
from doorstep.domain.routing.model.rules import Release
from doorstep.domain.routing.views import rules
from doorstep.flows.context import Context
from doorstep.flows.network import lanes
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId

_MEASURED = timedelta(days=7)
_AT_ONCE = 200


def measure_throughput(context: Context) -> int:
    """Measure each location's recent throughput, backlog and reject rate."""
    now = context.clock.now()

    def work(tx: WriteTx) -> int:
        known = lanes.configuration(tx, at=now).compiled
        picked, before_them = work_views.picked_units(tx, since=now - _MEASURED), work_views.open_units(tx)
        found = []
        for location, site in known.sites.items():
            did = picked.get(location)
            units, hours, works, rejected = (
                (did.units, did.hours, did.works, did.rejected) if did else (0, 0, 0, 0)
            )
            rate = capacity.throughput(units=units, hours=hours, configured=site.units_per_hour)
            share = capacity.reject_rate(rejected=rejected, works=works)
            found.append(Throughput(location, rate, before_them.get(location, 0), share, now))
        network.record_throughput(tx, throughput=found)
        return len(found)

    return context.db.transact(work, actor="system")


def release_due(context: Context) -> int:
    """Release planned work that is due, most urgent first; returns how many fulfillment orders."""
    now = context.clock.now()
    with context.db.read() as tx:
        planned = work_views.releasable(tx)
        if not planned:
            return 0
        runs = {each.name: each.release for each in rules.compiled_rules(tx).document.runs}
        benches = _benches(tx, context)
        work = [_planned(each, runs) for each in planned if each.location_id in benches]
    due = capacity.due(work, benches, now=now)
    orders_of = {each.id: each for each in planned}
    return sum(
        _release(context, due[start : start + _AT_ONCE], orders_of) for start in range(0, len(due), _AT_ONCE)
    )


def _benches(tx: ReadTx, context: Context) -> dict[LocationId, ReleasePoint]:
    now = context.clock.now()
    known, paces, open_units = (
        lanes.configuration(tx, at=now).compiled,
        network_views.throughput(tx),
        work_views.open_units(tx),
    )
    return {
        location: ReleasePoint(
            paces[location].units_per_hour if location in paces else known.sites[location].units_per_hour,
            open_units.get(location, 0),
        )
        for location in known.sites
    }


def _planned(each: ReleasableWork, runs: Mapping[str, Release]) -> Planned:
    """Work of a run that no longer exists is released at once."""
    run = runs.get(each.run, Release())
    return Planned(
        each.id,
        each.location_id,
        each.units,
        None if run.mode == "at_once" else each.release_after,
        each.ship_by,
        metered=run.mode == "metered",
        horizon_minutes=run.horizon_minutes,
    )


def _release(
    context: Context, work_ids: list[FulfillmentOrderId], known: Mapping[FulfillmentOrderId, ReleasableWork]
) -> int:
    now = context.clock.now()

    def work(tx: WriteTx) -> int:
        orders.lock_all(tx, order_ids={known[each].order_id for each in work_ids})
        codes: dict[int, str] = {each.id: each.code for each in network_views.locations(tx).values()}
        return len(fulfillment.release(tx, work_ids=work_ids, codes=codes, at=now))

    return context.db.transact(work, actor="system")
