"""The list of locations in the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from doorstep.delivery.console import cells, labels, lists
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice, Sortable
from doorstep.domain.network.model import Document, Location, Shift, Site, site
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural

PAUSED = Badge(_m("Paused"), "attention", "hand")


@dataclass(frozen=True, slots=True)
class Row:
    """A location with its settings."""

    location: Location
    site: Site
    is_paused: bool


_KEYS: Mapping[str, Callable[[Row], Sortable]] = {
    "name": lambda row: row.location.name.casefold(),
    "cut_off": lambda row: row.location.cut_off,
    "processing": lambda row: row.site.processing_minutes or 0,
    "status": lambda row: row.is_paused,
}


def location_list(
    locations: Sequence[Location], document: Document, paused: AbstractSet[int]
) -> ListPage[Row]:
    """Active locations, or in the order that the address asks for."""
    rows = [Row(each, site(document, each), each.id in paused) for each in locations if each.active]

    def fetch(_tx: ReadTx, query: Query, _limit: int) -> Slice[Row]:
        return lists.whole(rows, query, _KEYS)

    return ListPage(
        path="/network",
        name="locations",
        columns=(
            Column(_m("Location"), _location, "s1", "name"),
            Column(_m("City"), lambda row: lists.text(row.location.city), only_in_file=True),
            Column(_m("Groups"), lambda row: lists.text(", ".join(row.site.groups or ()))),
            Column(_m("Carriers"), lambda row: lists.text(", ".join(_carriers(row)))),
            Column(_m("Cut-off"), _cut_off, sort="cut_off"),
            Column(_m("Capacity"), _capacity),
            Column(
                _m("Processing (min)"),
                lambda row: Count(row.site.processing_minutes or 0),
                "num",
                "processing",
            ),
            Column(_m("Status"), lambda row: Status(PAUSED) if row.is_paused else cells.NONE, "s2", "status"),
        ),
        fetch=fetch,
        noun=plural("{n} location", "{n} locations"),
        href=lambda row: f"/locations/{row.location.id}",
    )


def _location(row: Row) -> Sequence[Cell]:
    link = Link(row.location.name, f"/locations/{row.location.id}", "strong")
    return [link, Text(row.location.city, "muted", value="")]


def _carriers(row: Row) -> Sequence[str]:
    return [row.location.carrier] if row.site.carriers is None else row.site.carriers


def _cut_off(row: Row) -> Cell:
    return Text(
        ", ".join(
            [str(row.location.cut_off), *(f"{time} {name}" for name, time in row.site.cut_offs.items())]
        )
    )


def _capacity(row: Row) -> Cell:
    if not row.site.shifts:
        return Text(_("unlimited"), "muted")
    return Text(", ".join(_shift(each) for each in row.site.shifts))


def _shift(shift: Shift) -> str:
    if shift.most is not None:
        return f"{shift.name} ≤ {labels.shift_units(shift.most, shift.counts)}"
    return f"{shift.name} ~ {labels.shift_units(shift.usual, shift.counts)}" if shift.usual else shift.name
