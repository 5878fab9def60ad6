"""Routing at work: the queues where orders wait, and the runs that go by the clock or by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import queues as queue_views
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import runs as verbs
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import rules
from doorstep.domain.routing.views import runs as views
from doorstep.domain.routing.views.runs import RunRow
from doorstep.kernel.db import WriteTx

_TOLD = 100
KINDS = {
    RunKind.SCHEDULE: ("By the clock", "clock"),
    RunKind.WAVE: ("Solved together", "layers"),
    RunKind.PRICES: ("Look-ahead prices", "money"),
    RunKind.REGRET: ("Looked back on a day", "return"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A wave of the plot, in a box of 600 by 100."""

    run: RunRow
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Plot:
    """What waves saved, the oldest first; `most_minor` is the highest bar."""

    bars: Sequence[Bar]
    width: float
    most_minor: int
    total_minor: int


def plot(rows: Sequence[RunRow]) -> Plot | None:
    """The money that solving orders together saved, wave by wave; None while there was none."""
    waves = [
        each
        for each in reversed(rows)
        if each.kind is RunKind.WAVE and each.before_minor is not None and each.after_minor is not None
    ]
    if not waves:
        return None
    saved = [max(0, (each.before_minor or 0) - (each.after_minor or 0)) for each in waves]
    most, step = max(*saved, 1), 600 / max(len(waves), 12)
    bars = [
        Bar(each, round(number * step, 1), round(100 - 96 * won / most, 1), round(96 * won / most, 1))
        for number, (each, won) in enumerate(zip(waves, saved, strict=True))
    ]
    return Plot(bars, round(step * 0.8, 1), max(saved), sum(saved))


def queues(ask: Ask) -> Response:
    """Where orders wait that no rule could serve: whose, how many, since when, until when."""
    with ask.app.db.read() as tx:
        found = queue_views.queues(tx, now=ask.now)
    return page.render(ask, "routing/queues.html", {"queues": found})


def runs(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """What runs next, what ran, and what it brought."""
    with ask.app.db.read() as tx:
        rows, due = views.history(tx, limit=_TOLD), views.schedule(tx)
        document = rules.compiled_rules(tx).document
    context = {
        "rows": rows,
        "due": due,
        "plot": plot(rows),
        "kinds": KINDS,
        "currency": document.currency,
        "may_write": ask.principal.can(Permission.RULES_WRITE),
    }
    return page.render(ask, "routing/runs.html", context, toast=toast, status=status)


def run_now(ask: Ask) -> Response:
    """A run that goes by the clock is due now; a worker takes it, as always."""

    def verb(tx: WriteTx) -> str:
        name = ask.form.get("run", "")
        verbs.bring_forward(tx, run=name, at=ask.now)
        return f"“{name}” starts within a quarter of a minute."

    return page.act(ask, verb, show=runs, back=f"{ROOT}/routing/runs")


ROUTES: Routes = (
    Read("/routing/queues", queues, Permission.RULES_READ),
    Read("/routing/runs", runs, Permission.RULES_READ),
    Verb("/routing/runs/now", run_now, Permission.RULES_WRITE),
)
