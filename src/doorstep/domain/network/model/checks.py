"""Find contradictions and likely mistakes in the network document, beside the locations that it configures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from doorstep.domain.network.model.document import Document, site
from doorstep.domain.network.model.location import Location
from doorstep.kernel import errors


def check_document(document: Document, locations: Iterable[Location]) -> None:
    """Raise Invalid for a rate without its zone, and for a location whose time zone does not exist."""
    for key, carrier in document.carriers.items():
        names = [zone.name for zone in carrier.zones]
        for code, service in carrier.services.items():
            unknown = sorted(service.rates.keys() - set(names))
            if unknown:
                raise errors.Invalid(
                    f"{key}/{code} has a rate for {unknown[0]!r}, which is not one of its zones: {', '.join(names)}."
                )
    for location in locations:
        _check_time_zone(location)


def _check_time_zone(location: Location) -> None:
    try:
        ZoneInfo(location.timezone)
    except (KeyError, ValueError) as problem:
        raise errors.Invalid(
            f"{location.code} has an unknown time zone ({location.timezone!r}): use one like Asia/Kolkata."
        ) from problem


def warnings(document: Document, locations: Iterable[Location]) -> Iterator[str]:
    """Likely mistakes in a document, each as a sentence."""
    known = list(locations)
    for code in sorted(document.locations.keys() - {each.code for each in known}):
        yield f"There is no location {code!r}."
    for location in known:
        carriers = site(document, location).carriers or (location.carrier,)
        if document.carriers and location.ships and not set(carriers) & document.carriers.keys():
            yield f"{location.code} ships with {' or '.join(carriers) or 'no carrier'}, which has no tariff: no parcels will be routed to it."
