"""The compiled network, cached, with current capacity and outages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.network import views
from doorstep.domain.network.model import Load, Outage, Pause, Throughput
from doorstep.domain.network.model.capacity import ShiftKey
from doorstep.domain.routing.model import Demand, Network, RoutingLocation
from doorstep.domain.routing.model.capacity import Running
from doorstep.domain.routing.model.moments import Closure, Moment, Moments
from doorstep.flows.network import compile_document
from doorstep.flows.network.compile_document import CompiledNetwork
from doorstep.kernel import geography
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId

_CACHE_SIZE = 8
_ONE_EACH: Mapping[str, int] = {"orders": 1, "lines": 1, "units": 1}


@dataclass(slots=True)
class Configuration:
    """The compiled network document, cached until it changes, and what holds at an instant by it."""

    compiled: CompiledNetwork
    moments: Moments

    def moment(self, at: datetime) -> Moment:
        """What holds in the minute of an instant."""
        return self.moments.at(at)


def _moments(compiled: CompiledNetwork, outages: Sequence[Outage]) -> Moments:
    closures = [Closure(each.carrier, each.words, each.since_at, each.until_at) for each in outages]
    return Moments(
        compiled.calendars, compiled.shifts, compiled.lane_table, compiled.document.confidence, closures
    )


_compiled_networks: dict[tuple[str, int], Configuration] = {}


def configuration(tx: ReadTx, *, at: datetime) -> Configuration:
    """The current configuration. The next transaction sees a change."""
    key = views.token(tx), at.year
    found = _compiled_networks.get(key)
    if found is None:
        locations = {each.id: each for each in views.locations(tx).values() if each.active}
        ready = compile_document.compile_network(views.document(tx), locations, year=at.year)
        found = Configuration(ready, _moments(ready, views.every_outage(tx)))
        while len(_compiled_networks) >= _CACHE_SIZE:
            _compiled_networks.pop(next(iter(_compiled_networks)), None)
        _compiled_networks[key] = found
    return found


@dataclass(frozen=True, slots=True)
class _CurrentWork:
    """Current backlog, capacity use and pauses of the locations."""

    loads: Mapping[ShiftKey, Load]
    throughput: Mapping[int, Throughput]
    pauses: Mapping[int, Pause]
    largest: Mapping[str, int]

    def remaining_capacity(self, shift: Running | None, counted: int) -> int | None:
        """How many more orders a shift takes."""
        if shift is None or shift.shift.most is None:
            return None
        return max(0, shift.shift.most - counted) // self.largest[shift.shift.counts]


def _largest(moment: Moment, demands: Sequence[Demand]) -> Mapping[str, int]:
    """What the largest order counts as; needed only where shifts count lines or units."""
    if all(each.shift.counts == "orders" or each.shift.most is None for each in moment.shifts.values()):
        return _ONE_EACH
    lines = max((len(each.wants) for each in demands), default=1)
    units = max((sum(want.quantity for want in each.wants) for each in demands), default=1)
    return {"orders": 1, "lines": max(1, lines), "units": max(1, units)}


def network(tx: ReadTx, *, currency: str, at: datetime, demands: Sequence[Demand] = ()) -> Network:
    """Locations with current capacity, backlog and pauses, and their lanes.

    Prices are those of the document if they are in `currency` ("": any), else zero. Where a shift counts lines or units, capacity
    is given in orders, each as large as the largest of `demands`.
    """
    known = configuration(tx, at=at)
    moment = known.moment(at)
    loads = views.loads(tx, shifts=moment.keys)
    today = _CurrentWork(loads, views.throughput(tx), views.pauses(tx, at=at), _largest(moment, demands))
    found = {
        location: _location(location, known.compiled, moment, today) for location in known.compiled.locations
    }
    document = known.compiled.document
    return Network(found, moment.ways[currency in {"", document.currency}], currency or document.currency)


def _location(
    location_id: LocationId, compiled: CompiledNetwork, moment: Moment, today: _CurrentWork
) -> RoutingLocation:
    location, site = compiled.locations[location_id], compiled.sites[location_id]
    shift, pace, pause = (
        moment.shifts.get(location_id),
        today.throughput.get(location_id),
        today.pauses.get(location_id),
    )
    load = None if shift is None else today.loads.get((location_id, shift.starts_at))
    counted = 0 if shift is None or load is None else load.counted(shift.shift.counts)
    backlog_hours = 0.0 if pace is None else pace.backlog_hours
    return RoutingLocation(
        location_id,
        location.code,
        location.name,
        location.latitude,
        location.longitude,
        ships=location.ships,
        kind=location.kind.value,
        groups=frozenset(site.groups or ()),
        country=location.country,
        region=geography.region(location.country, location.state_code),
        is_open=moment.is_open[location_id],
        handling_minor=site.handling_minor or 0,
        reject_rate=0.0 if pace is None else pace.reject_rate,
        backlog_hours=backlog_hours + (0.0 if shift is None else shift.over_hours(counted)),
        free_capacity=today.remaining_capacity(shift, counted),
        paused="" if pause is None else pause.reason,
    )
