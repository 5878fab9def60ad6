"""Give the network as it was at a past instant: today's calendars, tariffs and shifts, without pauses or backlog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.routing.model.capacity import Running
from doorstep.domain.routing.model.moments import Moments
from doorstep.domain.routing.model.network import Network
from doorstep.kernel.ids import LocationId


@dataclass(frozen=True, slots=True)
class PastNetwork:
    """Today's network, moved to past instants."""

    moments: Moments
    today: Network

    @property
    def codes(self) -> Mapping[LocationId, str]:
        """Codes of the locations."""
        return {each.id: each.code for each in self.today.locations.values()}

    def network(self, at: datetime) -> Network:
        """The network at an instant; every shift is empty."""
        moment = self.moments.at(at)
        locations = {
            location: replace(
                each,
                is_open=moment.is_open[location],
                free_capacity=_limit(moment.shifts.get(location)),
                backlog_hours=0.0,
                paused="",
            )
            for location, each in self.today.locations.items()
        }
        return replace(self.today, locations=locations, ways=moment.ways[True], prices={})

    def shift(self, location: LocationId, at: datetime) -> datetime | None:
        """The start of the shift that work decided then counts in."""
        running = self.moments.at(at).shifts.get(location)
        return None if running is None else running.starts_at


def _limit(shift: Running | None) -> int | None:
    """How many orders a shift takes; a limit in lines or units is not applied here."""
    return None if shift is None or shift.shift.counts != "orders" else shift.shift.most
