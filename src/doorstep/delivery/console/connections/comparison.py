"""What a connection in shadow mode would have sent, beside what others did: totals, the list, one call with both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from doorstep.delivery.console import badges, cells, labels, lists, page
from doorstep.delivery.console.cells import At, Cell, Link, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections.model.comparison import Fact, Operation, Result
from doorstep.domain.connections.views import comparisons
from doorstep.domain.connections.views.comparisons import Comparison, Filter, Total
from doorstep.domain.identity.model import Permission
from doorstep.domain.orders import views as orders
from doorstep.flows import operations
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import OrderId

_DAYS = 14
_PLAIN = frozenset({Fact.UNITS, Fact.TRACKING_NUMBER, Fact.CARRIER, Fact.AMOUNT})


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison, and the number of its order."""

    each: Comparison
    order_number: str

    @property
    def occurred_at(self) -> object:
        return self.each.occurred_at

    @property
    def id(self) -> int:
        return self.each.id


@dataclass(frozen=True, slots=True)
class Line:
    """The totals of an operation, or of one of its days."""

    operation: Operation
    day: date | None
    counts: Mapping[Result, int]

    @property
    def name(self) -> str:
        return labels.label("operation", self.operation)

    def address(self, result: Result) -> str:
        """What the address of the list must hold to show what a number counts."""
        day = f"&day={self.day:%Y-%m-%d}" if self.day else ""
        return f"operation={self.operation.value}&result={result.value}{day}"


def lines(totals: Sequence[Total], *, by_day: bool) -> list[Line]:
    """Totals by operation, or by day and operation, newest day first."""
    found: dict[tuple[date | None, Operation], Counter[Result]] = {}
    for each in totals:
        key = (each.day if by_day else None, each.operation)
        found.setdefault(key, Counter())[each.result] += each.count
    return [Line(operation, day, counts) for (day, operation), counts in found.items()]


def _subject(row: Row) -> Cell:
    if row.order_number:
        return Link(row.order_number, f"/orders/{row.each.order_id}", "code")
    return Text(row.each.ours.get(Fact.SUBJECT) or row.each.reference, "code")


def _side(row: Row, facts: Mapping[Fact, str]) -> list[Cell]:
    """The facts of a side, those that differ in another color. What says by itself what it is has no label."""
    found: list[Cell] = []
    for name in Fact:
        value = facts.get(name)
        if value and name is not Fact.SUBJECT:
            words = value if name in _PLAIN else f"{labels.label('fact', name)}: {value}"
            look = "danger-text" if name in row.each.differs else ""
            found.append(Text(f"· {words}" if found else words, look))
    return found or [cells.NONE]


def _reason(row: Row) -> Cell:
    return Text(str(row.each.reason), "muted") if row.each.reason else cells.NONE


def comparison_list(key: str, connection_id: int, days: Sequence[date]) -> ListPage[Row]:
    """The comparisons of a connection, newest first."""
    here = f"/connections/{key}/comparison"

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[Row]:
        wanted = lists.keyset(query, comparisons.SORTING, limit)
        day = next((each for each in days if each.isoformat() == query.get("day")), None)
        filters = Filter(connection_id, query.get("operation"), query.get("result"), day)
        found = comparisons.listed(tx, wanted=filters, page=wanted)
        numbers = orders.numbers(tx, order_ids=[OrderId(each.order_id) for each in found if each.order_id])
        rows = [Row(each, numbers.get(OrderId(each.order_id or 0), "")) for each in found]
        return lists.cut(rows, comparisons.SORTING, wanted)

    return ListPage(
        path=here,
        columns=(
            Column(
                _m("Call"),
                lambda row: Link(labels.label("operation", row.each.operation), f"{here}/{row.id}", "strong"),
                "nowrap",
            ),
            Column(_m("Subject"), _subject, "nowrap"),
            Column(_m("Result"), lambda row: Status(badges.badge("comparison", row.each.result)), "nowrap"),
            Column(_m("Ours"), lambda row: _side(row, row.each.ours), "wide"),
            Column(_m("Theirs"), lambda row: _side(row, row.each.theirs), "wide"),
            Column(_m("Why"), _reason, "wide full"),
            Column(_m("Since"), lambda row: At(row.each.occurred_at), "nowrap", "occurred_at"),
        ),
        fetch=fetch,
        noun=plural("{n} comparison", "{n} comparisons"),
        sort="-occurred_at",
        filters=[
            _choice(
                "result", _m("All results"), {name: each.word for name, each in badges.COMPARISON.items()}
            ),
            _choice("operation", _m("All calls"), labels.OPERATIONS),
            Choice("day", _m("Day"), [("", _m("All days")), *((f"{each}", f"{each}") for each in days)]),
        ],
    )


def _choice(name: str, everything: str, words: Mapping[str, str]) -> Choice:
    return Choice(
        name, everything, [("", everything), *((str(value), word) for value, word in words.items())]
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Totals and the list, or the list as CSV."""
    with req.app.db.read() as tx:
        connection = operations.connection_of(tx, str(req.http.path_params["key"]))
        totals = comparisons.totals(tx, connection_id=connection.id)
        days = list(dict.fromkeys(each.day for each in totals))[:_DAYS]
        listed = comparison_list(connection.key, connection.id, days)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
        kept = jobs.count_shadowed(tx).get(connection.key, 0)
    context = {
        "connection": connection,
        "list": found,
        "results": [(each, badges.label("comparison", each)) for each in Result],
        "by_operation": lines(totals, by_day=False),
        "by_day": [each for each in lines(totals, by_day=True) if each.day in days],
        "kept": kept,
        "may_write": req.principal.can(Permission.CONNECTIONS_WRITE),
    }
    return page.render(req, "connections/comparison.html", context, toast=toast, status=status)


def one(req: PageRequest) -> Response:
    """One call with both sides, and what would have been sent."""
    with req.app.db.read() as tx:
        connection = operations.connection_of(tx, str(req.http.path_params["key"]))
        found = comparisons.one(tx, connection_id=connection.id, comparison_id=req.number("comparison_id"))
        numbers = orders.numbers(tx, order_ids=[OrderId(found.order_id)] if found.order_id else [])
        call = next(iter(jobs.kept(tx, ids=[found.delivery_id] if found.delivery_id else [])), None)
    names = [each for each in Fact if each in found.ours or each in found.theirs]
    context = {
        "connection": connection,
        "found": found,
        "operation": labels.label("operation", found.operation),
        "order_number": numbers.get(OrderId(found.order_id or 0), ""),
        "facts": [
            (labels.label("fact", name), found.ours.get(name), found.theirs.get(name), name in found.differs)
            for name in names
        ],
        "would_send": [
            (name, jobs.plain(value)) for name, value in (call.would_send if call else {}).items()
        ],
    }
    return page.render(req, "connections/compared.html", context)


def catch_up(req: PageRequest) -> Response:
    """Send what only we have, and discard what others did; the rest stays for a person to decide."""
    key = str(req.http.path_params["key"])

    def verb(tx: WriteTx) -> str:
        done = operations.catch_up(tx, key=key)
        words = (
            counted(done.sent, "{n} call is sent now.", "{n} calls are sent now."),
            counted(done.discarded, "{n} call is discarded.", "{n} calls are discarded."),
            counted(done.left, "{n} call is kept.", "{n} calls are kept."),
        )
        return " ".join(words)

    return page.act(req, verb, show=show, back=f"{ROOT}/connections/{key}/comparison")


ROUTES: Routes = (
    Read("/connections/{key}/comparison", show, Permission.CONNECTIONS_READ),
    Read("/connections/{key}/comparison/{comparison_id:int}", one, Permission.CONNECTIONS_READ),
    Verb("/connections/{key}/comparison/catch-up", catch_up, Permission.CONNECTIONS_WRITE),
)
