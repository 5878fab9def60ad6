"""Draw a small map from coordinates: locations, lines and the customer, north up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

WIDTH, HEIGHT = 300, 160
_MARGIN, _LETTER, _LINE = 40, 7, 14


class Mark(StrEnum):
    """What a dot stands for; each has a shape of its own."""

    CHOSEN = "chosen"
    POSSIBLE = "possible"
    OUT = "excluded"

    @property
    def word(self) -> str:
        """The word of the legend."""
        return _(_WORDS[self])


_WORDS = {Mark.CHOSEN: _m("chosen"), Mark.POSSIBLE: _m("possible"), Mark.OUT: _m("excluded")}


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A location to be drawn. Others than the chosen ones show their name on hover only."""

    name: str
    latitude: float
    longitude: float
    mark: Mark = Mark.CHOSEN
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class Dot:
    """A location on paper."""

    name: str
    mark: Mark
    x: int
    y: int
    text: str
    text_x: int
    text_y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Sketch:
    """Where parcels start and end, in a box of 300 by 160."""

    x: int
    y: int
    dots: tuple[Dot, ...]
    label: str

    @property
    def marks(self) -> list[Mark]:
        """What the legend has to explain."""
        return [mark for mark in Mark if any(dot.mark is mark for dot in self.dots)]


def draw(
    spots: Sequence[MapPoint], *, city: str, latitude: float | None, longitude: float | None
) -> Sketch | None:
    """Locations around a customer, or None where a coordinate is not known."""
    if latitude is None or longitude is None or not spots:
        return None
    east = [longitude, *(spot.longitude for spot in spots)]
    north = [latitude, *(spot.latitude for spot in spots)]
    wide, high = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN + 20
    scale = min(wide / max(max(east) - min(east), 0.1), high / max(max(north) - min(north), 0.1))
    middle = (max(east) + min(east)) / 2, (max(north) + min(north)) / 2

    def on_paper(longitude: float, latitude: float) -> tuple[int, int]:
        x = WIDTH / 2 + (longitude - middle[0]) * scale
        return round(x), round(HEIGHT / 2 - (latitude - middle[1]) * scale)

    x, y = on_paper(longitude, latitude)
    # Chosen locations are drawn last, on top.
    ordered = sorted(spots, key=lambda spot: list(Mark).index(spot.mark), reverse=True)
    dots = tuple(_dot(spot, *on_paper(spot.longitude, spot.latitude), y) for spot in ordered)
    return Sketch(x, y, _without_overlaps(dots), _label(spots, city))


def _without_overlaps(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """Names that would print over one another: the later is written below its dot, or left to the hover."""
    kept: list[Dot] = []
    for dot in dots:
        below = replace(dot, text_y=dot.y + 21 if dot.text_y < dot.y else dot.y - 13)
        free = next((each for each in (dot, below) if not any(_overlap(each, other) for other in kept)), None)
        kept.append(free or replace(dot, text=""))
    return tuple(kept)


def _overlap(one: Dot, other: Dot) -> bool:
    """Whether two names share a place; a letter takes about seven units, a line fourteen."""
    if not one.text or not other.text or abs(one.text_y - other.text_y) >= _LINE:
        return False
    (left, right), (other_left, other_right) = _span(one), _span(other)
    return left < other_right and other_left < right


def _span(dot: Dot) -> tuple[int, int]:
    width = len(dot.text) * _LETTER
    left = dot.text_x - {"start": 0, "middle": width // 2, "end": width}[dot.anchor]
    return left, left + width


def _dot(spot: MapPoint, x: int, y: int, door_y: int) -> Dot:
    """Names near the edge are written inwards, and away from the customer."""
    anchor = "start" if x < WIDTH * 3 // 10 else ("end" if x > WIDTH * 7 // 10 else "middle")
    text_x = {"start": max(6, x - 6), "end": min(WIDTH - 6, x + 6)}.get(anchor, x)
    text_y = y - 13 if y <= door_y else y + 21
    return Dot(spot.name, spot.mark, x, y, spot.name if spot.is_named else "", text_x, text_y, anchor)


def _label(spots: Sequence[MapPoint], city: str) -> str:
    """The map in words, for screen readers."""
    names = {
        mark: ", ".join(dict.fromkeys(spot.name for spot in spots if spot.mark is mark)) for mark in Mark
    }
    others = "".join(f"; {mark.word}: {names[mark]}" for mark in (Mark.POSSIBLE, Mark.OUT) if names[mark])
    start = names[Mark.CHOSEN] or _("no location yet")
    return _("From {start} to {city}").format(start=start, city=city) + others
