"""Endless aisle: other locations that have a SKU, and when it can be at this store.

The time between two locations is estimated from their distance: a transfer takes so many days per band of kilometers
(the setting `transfer_days`), starting today. Planned transfers carry real dates; those are incoming supply.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from doorstep.domain.inventory.model.availability import Availability, Incoming, Node, PartAnswer
from doorstep.kernel import geography


@dataclass(frozen=True, slots=True)
class Transit:
    """Transfer days by distance: `bands` of (up to so many km, days), `beyond` for longer distances."""

    bands: tuple[tuple[int, int], ...]
    beyond_days: int

    def days(self, km: float) -> int:
        return next((days for up_to_km, days in self.bands if km <= up_to_km), self.beyond_days)


def transit(text: str) -> Transit:
    """Bands as the setting writes them: "50:1,300:2,*:5"."""
    pairs = [each.split(":") for each in text.split(",")]
    bands = tuple(sorted((int(km), int(days)) for km, days in pairs if km != "*"))
    return Transit(bands, next(int(days) for km, days in pairs if km == "*"))


@dataclass(frozen=True, slots=True)
class Offer:
    """Units from another location (or supply), and the date on which they can be here. Unknown: no number."""

    location_id: int
    code: str
    name: str
    quantity: int | None
    km: int
    here_date: date
    because: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Aisle:
    """What is here, who else has it, and what is incoming; earliest first."""

    here: Availability
    elsewhere: tuple[Offer, ...]
    coming: tuple[Offer, ...]


def elsewhere(
    found: Availability, store: Node, nodes: dict[int, Node], *, ways: Transit, today: date
) -> tuple[Offer, ...]:
    """Locations that could send it to this store, never offering more than the network has left."""
    offers = []
    for node in nodes.values():
        units = None if node.id == store.id else _at(found, node.id)
        if units is None:
            continue
        because = next(
            (
                location.unknown
                for part in found.parts
                for location in part.locations
                if location.location_id == node.id and location.unknown
            ),
            "",
        )
        quantity = min(units, found.known_quantity)
        if quantity or because:
            km = _km(store, node)
            here = today + timedelta(days=ways.days(km))
            offers.append(
                Offer(node.id, node.code, node.name, None if because else quantity, round(km), here, because)
            )
    return tuple(sorted(offers, key=lambda each: (each.here_date, each.km, each.code)))


def _at(found: Availability, location_id: int) -> int | None:
    """How many complete sets of the components a location has; None when it has none of them."""
    counts = [_counted(part, location_id) for part in found.parts]
    return None if None in counts else min(count for count in counts if count is not None)


def _counted(part: PartAnswer, location_id: int) -> int | None:
    here = [location.counted for location in part.locations if location.location_id == location_id]
    return sum(here) // part.quantity if here else None


def coming(
    supplies: tuple[Incoming, ...], store: Node, nodes: dict[int, Node], *, ways: Transit
) -> tuple[Offer, ...]:
    """Supply beyond what is promised of it: on its date when it comes to this store, else after a transfer."""
    offers = []
    for each in supplies:
        node = nodes[each.location_id]
        if each.free:
            km = _km(store, node)
            days = 0 if node.id == store.id else ways.days(km)
            here = each.eta_date + timedelta(days=days)
            offers.append(
                Offer(node.id, node.code, node.name, each.free, round(km), here, document=each.document)
            )
    return tuple(sorted(offers, key=lambda each: (each.here_date, each.km, each.code)))


def _km(one: Node, other: Node) -> float:
    return geography.kilometres((one.latitude, one.longitude), (other.latitude, other.longitude))
