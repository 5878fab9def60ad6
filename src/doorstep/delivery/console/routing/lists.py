"""Lists of routing: versions of the rule set, exception queues, schedules, runs, test cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from doorstep.delivery.console import cells, lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import Amount, At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice, Sortable, Tick
from doorstep.domain.analytics.views import queues as queue_views
from doorstep.domain.analytics.views.queues import QueueRow
from doorstep.domain.routing.model.case_results import CaseOutcome
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import lists as views
from doorstep.domain.routing.views import runs as schedules
from doorstep.domain.routing.views.lists import ListedRun
from doorstep.domain.routing.views.rules import Version
from doorstep.domain.routing.views.runs import Due
from doorstep.flows.allocation.optimize.scarcity_prices import MORE_STOCK_AFTER
from doorstep.kernel import localized
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import counted, gettext, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

STATES = {
    "active": Badge(_m("Active"), "success", "check"),
    "draft": Badge(_m("Draft"), "info", "calendar"),
    "archived": Badge(_m("Archived"), "neutral", "circle"),
}
KINDS = {
    RunKind.SCHEDULE: Badge(_m("Scheduled"), "neutral", "clock"),
    RunKind.BATCH: Badge(_m("Batch optimization"), "neutral", "layers"),
    RunKind.PRICES: Badge(_m("Scarcity prices"), "neutral", "money"),
    RunKind.HINDSIGHT: Badge(_m("Hindsight"), "neutral", "return"),
}
DONE = Badge(_m("Done"), "success", "check")
PASSES, FAILS = Badge(_m("Passes"), "success", "check"), Badge(_m("Fails"), "danger", "alert")
REMOVED = Badge(_m("removed from the rules"), "attention", "eye")
_LAST = datetime.max.replace(tzinfo=UTC)


def version_list(names: Mapping[str, str]) -> ListPage[Version]:
    """Versions of the rule set, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[Version]:
        wanted = lists.keyset(query, views.VERSIONS, limit)
        return lists.cut(views.versions(tx, page=wanted), views.VERSIONS, wanted)

    def person(actor: str | None) -> str:
        return page.person_of(actor, names) if actor else ""

    def moment(at: datetime | None, actor: str | None) -> list[Cell]:
        return [At(at), Text(person(actor), "muted", value="")] if at else [cells.NONE]

    def state(row: Version) -> list[Cell]:
        found: list[Cell] = [Status(STATES[row.state])]
        if row.restores:
            words = _("Restores {n}").format(n=row.restores)
            found.append(Status(Badge(words, "neutral", "return"), value=""))
        return found

    return ListPage(
        path="/routing/history",
        columns=(
            Column(_m("Version"), _version, "s1", "number"),
            Column(_m("Name"), lambda row: Text(row.name), only_in_file=True),
            Column(_m("Status"), state, "s2", "state"),
            Column(_m("Restores"), lambda row: Count(row.restores), only_in_file=True),
            Column(_m("Drafted"), lambda row: moment(row.drafted_at, row.drafted_by), "s5", "drafted_at"),
            Column(_m("Drafted by"), lambda row: Text(person(row.drafted_by)), only_in_file=True),
            Column(
                _m("Activated"), lambda row: moment(row.activated_at, row.activated_by), "s7", "activated_at"
            ),
            Column(_m("Activated by"), lambda row: lists.text(person(row.activated_by)), only_in_file=True),
            Column(
                _m("Reason"), lambda row: lists.text(row.activated_why or row.drafted_why), "wrap full s3"
            ),
        ),
        fetch=fetch,
        noun=plural("{n} version", "{n} versions"),
        sort="-number",
        look="versions",
        href=lambda row: f"/routing/versions/{row.number}",
    )


def _version(row: Version) -> Cell:
    return Link(f"{row.name} {row.number}", f"/routing/versions/{row.number}", "strong", str(row.number))


def queue_list(now: datetime) -> ListPage[QueueRow]:
    """Exception queues in the order of the rule set, or in the one that the address asks for."""
    keys: Mapping[str, Callable[[QueueRow], Sortable]] = {
        "name": lambda row: row.name.casefold(),
        "owner": lambda row: row.owner.casefold(),
        "orders": lambda row: row.waiting.orders,
        "items": lambda row: row.waiting.units,
        "oldest_at": lambda row: row.waiting.oldest_at or _LAST,
        "next_try_at": lambda row: row.waiting.next_try_at or _LAST,
        "ending": lambda row: row.waiting.ending,
    }

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[QueueRow]:
        return lists.whole(queue_views.queues(tx, now=now), query, keys)

    return ListPage(
        path="/routing/queues",
        columns=(
            Column(_m("Queue"), _queue, "s1", "name"),
            Column(_m("Owner"), lambda row: lists.text(row.owner), "s3", "owner"),
            Column(_m("Orders"), lambda row: Count(row.waiting.orders), "num s2", "orders"),
            Column(_m("Items"), lambda row: Count(row.waiting.units), "num s4", "items"),
            Column(_m("Oldest"), lambda row: At(row.waiting.oldest_at), "s5", "oldest_at"),
            Column(_m("Next attempt"), _next_attempt, "s6", "next_try_at"),
            Column(_m("Canceled within a day"), _ending, "s7", "ending"),
            Column(_m("Customer message"), lambda row: lists.text(row.customer_message), "wrap full s8"),
        ),
        fetch=fetch,
        noun=plural("{n} queue", "{n} queues"),
        href=_orders_of,
    )


def _orders_of(row: QueueRow) -> str:
    query = {"queue": row.name} if row.name else {"view": "unallocated"}
    return page.with_query("/orders", query)


def _queue(row: QueueRow) -> list[Cell]:
    link = Link(row.name or _("Waiting for stock"), _orders_of(row), "strong")
    return [link, Status(REMOVED, value="")] if row.name and not row.is_known else [link]


def _next_attempt(row: QueueRow) -> Cell:
    if row.waiting.next_try_at:
        return At(row.waiting.next_try_at)
    return Text(_("when stock arrives"), "muted", value="") if row.waiting.orders else cells.NONE


def _ending(row: QueueRow) -> Cell:
    if row.waiting.ending:
        words = counted(row.waiting.ending, "{n} order", "{n} orders")
        return Status(Badge(words, "attention", "clock"), value=str(row.waiting.ending))
    days = row.auto_cancel_after_days
    words = counted(days, "none: each after {n} day", "none: each after {n} days") if days else _("none")
    return Text(words, "muted", value="0")


def schedule_list() -> ListPage[Due]:
    """Scheduled runs, the next first."""
    keys: Mapping[str, Callable[[Due], Sortable]] = {
        "run": lambda row: row.run.casefold(),
        "schedule": lambda row: row.schedule,
        "next_run_at": lambda row: row.next_run_at,
    }

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[Due]:
        return lists.whole(schedules.schedule(tx), query, keys)

    return ListPage(
        path="/routing/runs",
        name="next",
        columns=(
            Column(_m("Run"), lambda row: Text(row.run, "strong"), "s1", "run"),
            Column(_m("Schedule"), lambda row: Text(row.schedule, "code"), "s3", "schedule"),
            Column(_m("Starts"), lambda row: At(row.next_run_at), "s4", "next_run_at"),
        ),
        fetch=fetch,
        noun=plural("{n} schedule", "{n} schedules"),
        sort="next_run_at",
    )


def run_list(currency: str) -> ListPage[ListedRun]:
    """Past runs, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[ListedRun]:
        wanted = lists.keyset(query, views.RUNS, limit)
        found = views.runs(tx, page=wanted, kind=query.get("kind"))
        return lists.cut(found, views.RUNS, wanted)

    kinds = [(each.value, badge.word) for each, badge in KINDS.items()]
    return ListPage(
        path="/routing/runs",
        columns=_run_columns(currency),
        fetch=fetch,
        noun=plural("{n} run", "{n} runs"),
        sort="-started_at",
        filters=[Choice("kind", _m("Type"), [("", _m("Any type")), *kinds])],
    )


def _result(row: ListedRun) -> str:
    """What a run found, from its numbers; what another version or a failure wrote is shown as it is."""
    if row.kind is RunKind.PRICES:
        days = counted(MORE_STOCK_AFTER.days, "next {n} day", "next {n} days")
        found = counted(row.changed, "{n} SKU and location", "{n} SKUs and locations")
        return _("Scarce: {found}, {days}").format(found=found, days=days)
    if row.kind is RunKind.HINDSIGHT:
        decisions = counted(row.attempted, "{n} decision", "{n} decisions")
        day = localized.day(date.fromisoformat(row.run))
        return _("{decisions} of {day} compared with the best plan of that day").format(
            decisions=decisions, day=day
        )
    return gettext(row.result)


def _run_columns(currency: str) -> Sequence[Column[ListedRun]]:
    def money(minor: int | None) -> Cell:
        return Amount(minor, currency) if currency else Count(minor)

    def result(row: ListedRun) -> Cell:
        return Status(DONE) if row.result in {"done", ""} else Text(_result(row), value=row.result)

    def seconds(row: ListedRun) -> Cell:
        return (
            cells.NONE
            if row.milliseconds is None
            else Text(f"{timedelta(milliseconds=row.milliseconds).total_seconds():.1f}")
        )

    return (
        Column(_m("Run"), lambda row: lists.text(row.run), "strong", "run"),
        Column(_m("Type"), lambda row: Status(KINDS[row.kind], is_quiet=True), sort="kind"),
        Column(_m("Started"), lambda row: At(row.started_at), sort="started_at"),
        Column(_m("Seconds"), seconds, "num", "milliseconds"),
        Column(_m("Orders"), lambda row: Count(row.attempted), "num", "attempted"),
        Column(_m("Allocated"), lambda row: Count(row.routed), "num", "routed"),
        Column(_m("Changed"), lambda row: Count(row.changed), "num", "changed"),
        Column(_m("Cost before"), lambda row: money(row.before_minor), "num", "before_minor"),
        Column(_m("Cost after"), lambda row: money(row.after_minor), "num", "after_minor"),
        Column(_m("Saved"), lambda row: money(row.saved_minor), "num strong", "saved_minor"),
        Column(_m("Currency"), lambda _row: lists.text(currency), only_in_file=True),
        Column(_m("Rules"), lambda row: lists.text(row.rules)),
        Column(_m("Result"), result, "wrap full"),
    )


def case_list(outcomes: Sequence[CaseOutcome]) -> ListPage[CaseOutcome]:
    """Test cases with their results, in the order of the rule set or in the one that the address asks for."""
    keys: Mapping[str, Callable[[CaseOutcome], Sortable]] = {
        "name": lambda row: row.name.casefold(),
        "result": lambda row: row.is_green,
    }

    def fetch(_tx: ReadTx, query: Query, _limit: int) -> Slice[CaseOutcome]:
        wanted = [each for each in outcomes if not (query.get("failing") and each.is_green)]
        return lists.whole(wanted, query, keys)

    return ListPage(
        path="/routing/cases",
        columns=(
            Column(_m("Test case"), lambda row: Text(row.name, "strong"), "s1 wrap", "name"),
            Column(_m("Result"), lambda row: Status(PASSES if row.is_green else FAILS), "s2", "result"),
            Column(
                _m("Difference"),
                lambda row: [Text(each, "danger-text") for each in row.differences],
                "wrap full s3",
            ),
            Column(_m("Decision"), lambda row: lists.text(" ".join(map(str, row.sentences))), "wrap full s5"),
        ),
        fetch=fetch,
        noun=plural("{n} test case", "{n} test cases"),
        filters=[Tick("failing", _m("Failing only"))],
    )
