"""The small map beside a routing decision."""

from __future__ import annotations

from typing import Any

from doorstep.delivery.console.orders.small_map import MapPoint, Mark, draw

DELHI: Any = {"city": "New Delhi", "latitude": 28.57, "longitude": 77.24}
STORE = MapPoint("Store 22", 28.61, 77.21)
WAREHOUSE = MapPoint("Warehouse A", 19.11, 72.87, Mark.POSSIBLE)


def test_there_is_no_map_without_coordinates() -> None:
    assert draw([STORE], city="New Delhi", latitude=None, longitude=77.24) is None
    assert draw([], **DELHI) is None  # type: ignore[arg-type]  # the same keywords for all


def test_a_map_has_a_text_alternative() -> None:
    found = draw([STORE, WAREHOUSE], **DELHI)
    assert found is not None
    assert found.label == "From Store 22 to New Delhi; possible: Warehouse A"
    assert [mark.word for mark in found.marks] == ["chosen", "possible"]


def test_names_never_print_over_one_another() -> None:
    beside = [MapPoint(f"Location {n}", 28.6 + n / 1000, 77.2 + n / 1000) for n in range(4)]
    found = draw([*beside, WAREHOUSE], **DELHI)
    assert found is not None
    shown = [dot for dot in found.dots if dot.text]
    assert 0 < len(shown) < len(found.dots)
    assert {dot.name for dot in found.dots} == {"Warehouse A", *(spot.name for spot in beside)}
    locations = {(dot.text_x, dot.text_y // 14) for dot in shown}
    assert len(locations) == len(shown)
