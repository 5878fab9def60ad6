"""The list of locations with their open work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from doorstep.delivery.console import cells, labels, lists
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice, Sortable
from doorstep.domain.analytics.views import work as view
from doorstep.domain.analytics.views.work import OpenWork
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural


def load_list(now: datetime) -> ListPage[OpenWork]:
    """Locations with their open work, or in the order that the address asks for."""
    keys: Mapping[str, Callable[[OpenWork], Sortable]] = {
        "location": lambda row: row.location.name.casefold(),
        "to_accept": lambda row: row.to_accept,
        "to_pick": lambda row: row.to_pick,
        "to_pack": lambda row: row.to_pack,
        "to_ship": lambda row: row.to_ship,
        "late": lambda row: row.late,
    }

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[OpenWork]:
        return lists.whole(view.loads(tx, now=now), query, keys)

    return ListPage(
        path="/fulfillment",
        columns=(
            Column(_m("Location"), _location, "s1", "location"),
            Column(_m("City"), lambda row: lists.text(row.location.city), only_in_file=True),
            Column(_m("Type"), lambda row: Text(_kind(row)), only_in_file=True),
            _count(_m("To accept"), "to_accept"),
            _count(_m("To pick"), "to_pick"),
            _count(_m("To pack"), "to_pack"),
            _count(_m("To ship"), "to_ship"),
            Column(_m("Late"), _late, "s2", "late"),
        ),
        fetch=fetch,
        noun=plural("{n} location", "{n} locations"),
        href=lambda row: f"/fulfillment/{row.location.id}",
    )


def _location(row: OpenWork) -> Sequence[Cell]:
    link = Link(row.location.name, f"/fulfillment/{row.location.id}", "strong")
    return [link, Text(f"{row.location.city} · {_kind(row)}", "muted", value="")]


def _kind(row: OpenWork) -> str:
    return labels.label("location_kind", row.location.kind)


def _count(label: str, name: str) -> Column[OpenWork]:
    def of(row: OpenWork) -> Cell:
        number = getattr(row, name)
        return Count(number, "" if number else "muted")

    return Column(label, of, "num", name)


def _late(row: OpenWork) -> Cell:
    if not row.late:
        return cells.NONE
    return Status(Badge(_("{n} late").format(n=row.late), "danger", "clock"), value=str(row.late))
