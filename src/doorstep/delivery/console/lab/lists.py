"""Lists of the lab: simulations, and the orders that a simulation changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from doorstep.delivery.console import cells, lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import Amount, At, Cell, Count, Link, Percent, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice, Tab
from doorstep.domain.routing.model.lab import OrderPlan, compare
from doorstep.domain.routing.views import lists as views
from doorstep.domain.routing.views.lab import Counts, LabChange, LabRun
from doorstep.kernel import localized
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

STATES = {
    "waiting": Badge(_m("Waiting"), "neutral", "clock"),
    "running": Badge(_m("Running"), "progress", "half"),
    "done": Badge(_m("Done"), "success", "check"),
    "failed": Badge(_m("Failed"), "danger", "alert"),
    "canceled": Badge(_m("Canceled"), "neutral", "cross"),
}
PARTS = {
    "": _m("All"),
    "dearer": _m("More expensive"),
    "cheaper": _m("Cheaper"),
    "more_parcels": _m("More parcels"),
    "fewer_parcels": _m("Fewer parcels"),
    "short": _m("Backordered"),
}
_SHOWN = 50


def simulation_list(names: Mapping[str, str], zone: ZoneInfo) -> ListPage[LabRun]:
    """Simulations, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[LabRun]:
        wanted = lists.keyset(query, views.SIMULATIONS, limit)
        found = views.simulations(tx, page=wanted, state=query.get("state"))
        return lists.cut(found, views.SIMULATIONS, wanted)

    def person(row: LabRun) -> str:
        return page.person_of(row.requested_by, names)

    def orders(row: LabRun) -> Cell:
        days = counted((row.until - row.since).days, "{n} day to", "{n} days to")
        until = localized.day(row.until.astimezone(zone).date())
        return Text(row.orders_name or f"{days} {until}", value=row.orders_name)

    def period(row: LabRun, moment: str) -> Cell:
        return cells.NONE if row.orders_name else At(row.since if moment == "since" else row.until)

    states = [(key, badge.word) for key, badge in STATES.items()]
    return ListPage(
        path="/routing/lab",
        columns=(
            Column(_m("Simulation"), lambda row: Text(str(row.id)), only_in_file=True),
            Column(_m("Draft"), _draft, "s1", "draft"),
            Column(_m("Against"), lambda row: Count(row.against), only_in_file=True),
            Column(_m("Orders"), orders, "s3"),
            Column(_m("From"), lambda row: period(row, "since"), only_in_file=True),
            Column(_m("Until"), lambda row: period(row, "until"), only_in_file=True),
            Column(_m("Status"), _status, "s2", "state"),
            Column(_m("Cost"), _cost, "num s4", title=_m("Cost per order by the draft, as a ratio")),
            Column(
                _m("Changed orders"),
                lambda row: Count(row.changed if row.state == "done" else None),
                "num s6",
                "changed",
            ),
            Column(
                _m("Requested"),
                lambda row: [At(row.requested_at), Text(person(row), "muted", value="")],
                "s5",
                "id",
            ),
            Column(_m("Requested by"), lambda row: Text(person(row)), only_in_file=True),
        ),
        fetch=fetch,
        noun=plural("{n} simulation", "{n} simulations"),
        sort="-id",
        href=lambda row: f"/routing/lab/{row.id}",
        filters=[Choice("state", _m("Status"), [("", _m("Any status")), *states])],
    )


def _draft(row: LabRun) -> Sequence[Cell]:
    name = _("Version {n}").format(n=row.draft) if row.draft else _("Default rules")
    against = (
        _("against version {n}").format(n=row.against) if row.against else _("against the default rules")
    )
    link = Link(name, f"/routing/lab/{row.id}", "strong", str(row.draft or name))
    return [link, Text(against, "muted", value="")]


def _status(row: LabRun) -> Cell:
    return Percent(row.percent) if row.state == "running" else Status(STATES[row.state])


def _cost(row: LabRun) -> Cell:
    """The cost of an order by the draft, as a ratio."""
    ratio = compare(row.before, row.after)[0].ratio if row.before and row.after else None
    return cells.NONE if ratio is None else Text(f"× {ratio:.3f}", value=f"{ratio:.3f}")


def change_list(run_id: int, counts: Counts, currency: str) -> ListPage[LabChange]:
    """Orders that a simulation changes, the highest extra cost first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[LabChange]:
        wanted = lists.keyset(query, views.CHANGES, limit)
        found = views.changes(tx, run_id=run_id, page=wanted, only=query.get("view"))
        return lists.cut(found, views.CHANGES, wanted)

    return ListPage(
        path=f"/routing/lab/{run_id}",
        columns=_change_columns(currency),
        fetch=fetch,
        noun=plural("{n} changed order", "{n} changed orders"),
        sort="-extra_minor",
        rows_a_page=_SHOWN,
        href=_order_of,
        tabs=[Tab(key, word, getattr(counts, key) if key else counts.changed) for key, word in PARTS.items()],
    )


def _order_of(row: LabChange) -> str:
    """The page of the order; one of an uploaded file has none."""
    return f"/orders/{row.order_id}" if row.order_id > 0 else ""


def _change_columns(currency: str) -> Sequence[Column[LabChange]]:
    def money(minor: int) -> Cell:
        return Amount(minor, currency) if currency else Count(minor)

    def way(found: OrderPlan) -> Sequence[Cell]:
        why = f"{found.rule}: {found.sentence}" if found.rule else found.sentence
        return [Text(found.words), Text(why, "muted small-text", value="")]

    def number(row: LabChange) -> Cell:
        path = _order_of(row)
        return Link(row.number, path, "code strong") if path else Text(row.number, "code")

    return (
        Column(_m("Order"), number, "s1", "number"),
        Column(_m("Placed"), lambda row: At(row.at), "s3", "at"),
        Column(_m("Extra cost"), lambda row: money(row.extra_minor), "num s2", "extra_minor"),
        Column(_m("Cost now"), lambda row: money(row.before.cost_minor), only_in_file=True),
        Column(_m("Cost by the draft"), lambda row: money(row.after.cost_minor), only_in_file=True),
        Column(_m("Currency"), lambda _row: lists.text(currency), only_in_file=True),
        Column(_m("Now"), lambda row: way(row.before), "wrap full s5"),
        Column(_m("Draft"), lambda row: way(row.after), "wrap full s7"),
        Column(_m("Parcels now"), lambda row: Count(row.before.parcels), only_in_file=True),
        Column(_m("Parcels by the draft"), lambda row: Count(row.after.parcels), only_in_file=True),
        Column(_m("Backordered now"), lambda row: Count(row.before.short_units), only_in_file=True),
        Column(_m("Backordered by the draft"), lambda row: Count(row.after.short_units), only_in_file=True),
        Column(_m("Rule now"), lambda row: lists.text(row.before.rule), only_in_file=True),
        Column(_m("Rule of the draft"), lambda row: lists.text(row.after.rule), only_in_file=True),
        Column(_m("Reason now"), lambda row: Text(row.before.sentence), only_in_file=True),
        Column(_m("Reason of the draft"), lambda row: Text(row.after.sentence), only_in_file=True),
    )
