"""Provide lanes by distance alone, for a network without calendars and rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import asin, cos, dist, radians, sin

from doorstep.domain.routing.model.demand import Demand
from doorstep.domain.routing.model.network import Lane, RoutingLocation
from doorstep.kernel.ids import LocationId

_EARTH_KM = 6371.0088


@dataclass(slots=True)
class GreatCircle:
    """Lanes by great-circle distance, free of charge; customers with one postal code share the result."""

    locations: Mapping[LocationId, RoutingLocation]
    _spots: list[tuple[LocationId, tuple[float, float, float]]] = field(init=False)
    _known: dict[tuple[float | None, float | None], dict[LocationId, Lane]] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._spots = [(each.id, _spot(each.latitude, each.longitude)) for each in self.locations.values()]

    def lanes(self, demand: Demand) -> Mapping[LocationId, Lane]:
        """A lane from every location, nearest first; lanes have no length if the customer's coordinates are unknown."""
        spot = demand.latitude, demand.longitude
        if spot not in self._known:
            self._known[spot] = {each: Lane(each, km) for km, each in self._ways(*spot)}
        return self._known[spot]

    def _ways(self, latitude: float | None, longitude: float | None) -> list[tuple[float, LocationId]]:
        if latitude is None or longitude is None:
            return [(0.0, each) for each in sorted(self.locations)]
        here = _spot(latitude, longitude)
        # Antipodes can exceed the diameter by a rounding error.
        return sorted(
            [
                (2 * _EARTH_KM * asin(half if (half := dist(here, there) / 2) < 1.0 else 1.0), each)
                for each, there in self._spots
            ]
        )


def _spot(latitude: float, longitude: float) -> tuple[float, float, float]:
    """A location as a point on the unit sphere, where distances are one call."""
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)
