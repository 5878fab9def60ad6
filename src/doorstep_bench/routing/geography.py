"""Positions of customers and centers: metropolitan areas and fulfillment centers of the United States."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_HERE = Path(__file__).parent
_EARTH_KM, _KM_PER_MILE = 6371.0, 1.61
# The small network of the published setup: five centers, the ten largest areas.
_SMALL = ("OAK4", "IND1", "AVP3", "CAE1", "DFW7")
_SMALL_AREAS = 10


@dataclass(frozen=True, slots=True)
class Geography:
    """Centers by name, each area's share of demand, and miles between them as (center, area)."""

    centers: tuple[str, ...]
    shares: Floats
    miles: Floats


def geography(*, small: bool) -> Geography:
    """The network of 5 centers and 10 areas, or of 10 and 99."""
    areas = _rows("metros.csv")[: _SMALL_AREAS if small else None]
    centers = [row for row in _rows("centers.csv") if not small or row["name"] in _SMALL]
    people = np.array([float(row["population"]) for row in areas])
    return Geography(
        tuple(row["name"] for row in centers), people / people.sum(), _miles(_points(centers), _points(areas))
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _points(rows: list[dict[str, str]]) -> Floats:
    return np.radians([[float(row["latitude"]), float(row["longitude"])] for row in rows])


def _miles(one: Floats, other: Floats) -> Floats:
    """Great-circle distances between all points of two lists."""
    apart = one[:, None] - other[None]
    north = np.cos(one[:, None, 0]) * np.cos(other[None, :, 0])
    half = np.sin(apart[..., 0] / 2) ** 2 + north * np.sin(apart[..., 1] / 2) ** 2
    miles: Floats = 2 * _EARTH_KM * np.arcsin(np.sqrt(half)) / _KM_PER_MILE
    return miles
