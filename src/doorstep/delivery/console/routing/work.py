"""Exception queues, and scheduled and automatic runs of routing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.delivery.console.routing import lists
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import runs as verbs
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import rules
from doorstep.domain.routing.views import runs as views
from doorstep.domain.routing.views.runs import RunRow
from doorstep.kernel.db import WriteTx
from doorstep.kernel.i18n import gettext as _

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """A batch of the plot, in a box of 600 by 100."""

    run: RunRow
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Plot:
    """What batches saved, the oldest first; `most_minor` is the highest bar."""

    bars: Sequence[Bar]
    width: float
    most_minor: int
    total_minor: int


def plot(rows: Sequence[RunRow]) -> Plot | None:
    """The money that batch optimization saved, batch by batch; None if there was no batch."""
    batches = [
        each
        for each in reversed(rows)
        if each.kind is RunKind.BATCH and each.before_minor is not None and each.after_minor is not None
    ]
    if not batches:
        return None
    saved = [max(0, (each.before_minor or 0) - (each.after_minor or 0)) for each in batches]
    most, step = max(*saved, 1), 600 / max(len(batches), 12)
    bars = [
        Bar(each, round(number * step, 1), round(100 - 96 * won / most, 1), round(96 * won / most, 1))
        for number, (each, won) in enumerate(zip(batches, saved, strict=True))
    ]
    return Plot(bars, round(step * 0.8, 1), max(saved), sum(saved))


def queues(req: PageRequest) -> Response:
    """Orders that no rule could allocate, by exception queue; or those as CSV."""
    listed = lists.queue_list(req.now)
    if listed.wants_csv(req):
        return listed.csv(req)
    with req.app.db.read() as tx:
        found = listed.load(req, tx)
    return page.render(req, "routing/queues.html", {"list": found})


def runs(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The next runs, the past runs, and what they saved; or one of the lists as CSV."""
    with req.app.db.read() as tx:
        currency = rules.compiled_rules(tx).document.currency
        past, due = lists.run_list(currency), lists.schedule_list()
        for each in (past, due):
            if each.wants_csv(req):
                return each.csv(req)
        found, planned = past.load(req, tx), due.load(req, tx)
        newest = views.history(tx, limit=_SHOWN)
    context = {
        "past": found,
        "due": planned,
        "plot": plot(newest),
        "currency": currency,
        "may_write": req.principal.can(Permission.RULES_WRITE),
    }
    return page.render(req, "routing/runs.html", context, toast=toast, status=status)


def run_now(req: PageRequest) -> Response:
    """Start a scheduled run now; a worker does it."""

    def verb(tx: WriteTx) -> str:
        name = req.form.get("run", "")
        verbs.bring_forward(tx, run=name, at=req.now)
        return _("“{run}” starts within 15 seconds.").format(run=name)

    return page.act(req, verb, show=runs, back=f"{ROOT}/routing/runs")


ROUTES: Routes = (
    Read("/routing/queues", queues, Permission.RULES_READ),
    Read("/routing/runs", runs, Permission.RULES_READ),
    Verb("/routing/runs/now", run_now, Permission.RULES_WRITE),
)
