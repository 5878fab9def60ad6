"""Show every shared component in every state, on one page."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.responses import Response

from doorstep.delivery.console import badges, cells, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import Amount, At, Count, Day, Link, Percent, Status, Text
from doorstep.delivery.console.forms import FormState
from doorstep.delivery.console.lists import (
    Choice,
    Column,
    ListPage,
    ListView,
    Query,
    Selection,
    Slice,
    Tab,
    Tick,
)
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes
from doorstep.domain.analytics.model import TimeLeft
from doorstep.domain.orders.model import Address

HERE = "/components"
SERIES = [
    ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"],
    [12, 12, 9, 20, 18],
    [10, 8, 7, 18, 15],
]


@dataclass(frozen=True, slots=True)
class Sample:
    """A row of the sample list."""

    number: str
    minutes_ago: int
    units: int
    minor: int | None
    percent: int
    badge: Badge


ROWS = (
    Sample("1001", 2, 3, 349_700, 100, badges.ORDER["completed"]),
    Sample("1002", 95, 1, 74_900, 40, badges.ORDER["held"]),
    Sample("1003", 3_000, 0, None, 0, badges.ORDER["created"]),
)


def _list(req: PageRequest, query: Query) -> ListView[Sample]:
    """A list with every kind of cell, a sorted column, filters, tabs, selection and a next page."""
    listed: ListPage[Sample] = ListPage(
        path=HERE,
        columns=(
            Column("Link", lambda row: Link(row.number, HERE, "code strong"), sort="number"),
            Column("Text", lambda _row: [Text("A customer"), Text("a city", "muted")], "clip"),
            Column("Moment", lambda row: At(req.now - timedelta(minutes=row.minutes_ago)), sort="at"),
            Column("Day", lambda _row: Day(req.now.date())),
            Column("Count", lambda row: Count(row.units), "num"),
            Column("Amount", lambda row: Amount(row.minor, "INR"), "num"),
            Column("Status", lambda row: Status(row.badge)),
            Column("Quiet status", lambda row: Status(row.badge, is_quiet=True)),
            Column("Progress", lambda row: Percent(row.percent)),
            Column("Nothing", lambda _row: cells.NONE),
        ),
        fetch=lambda _tx, _query, _limit: Slice(ROWS, "next"),
        noun=("{n} row", "{n} rows"),
        href=lambda _row: HERE,
        search="Search",
        filters=[
            Choice("channel", "Channel", [("", "Any channel"), ("web", "Web shop")]),
            Tick("late", "Late only"),
        ],
        tabs=[Tab("", "All"), Tab("late", "Late", 12, is_urgent=True)],
        sort="-at",
        selection=Selection(name=lambda row: f"row-{row.number}", label=lambda row: row.number),
        exports=False,
    )
    return ListView(listed, query, Slice(ROWS, "next"))


def show(req: PageRequest) -> Response:
    """The page."""
    wrong = {"code": "Enter the postal code, such as 110001.", "": "The order has changed. Check it again."}
    refused = FormState(f"{ROOT}{HERE}/refused", {"code": "1100", "pick": "b"}, wrong, is_failed=True)
    context = {
        "subjects": badges.SUBJECTS,
        "list": _list(
            req, Query({"q": "shirt", "channel": "web", "view": "late"}, cursor="here", sort="-at")
        ),
        "untouched": _list(req, Query({})),
        "left": [
            TimeLeft(req.now + span, span)
            for span in (timedelta(days=2), timedelta(minutes=40), timedelta(days=-1))
        ],
        "place": Address(
            name="A customer", line1="1 Sample Street", city="New Delhi", postal_code="110001", country="IN"
        ),
        "series": json.dumps(SERIES),
        "toasts": [Toast("Note added."), Toast("The order changed meanwhile.", "danger")],
    }
    return page.render(replace(req, refused=refused), "gallery/gallery.html", context)


ROUTES: Routes = (Read(HERE, show),)
