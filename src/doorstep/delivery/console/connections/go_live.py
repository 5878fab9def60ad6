"""The go-live report of a connection: can it be switched on, and switching it on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from doorstep.delivery.console import badges, labels, page
from doorstep.delivery.console.connections import forms
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections.model import Mode
from doorstep.domain.connections.model.comparison import Result
from doorstep.domain.connections.model.readiness import Readiness, ReportLine, Topic
from doorstep.domain.identity.model import Permission
from doorstep.flows import operations
from doorstep.flows.go_live import report
from doorstep.flows.go_live.switch import Wanted, go_live
from doorstep.kernel.db import WriteTx
from doorstep.kernel.i18n import counted
from doorstep.kernel.i18n import gettext as _


def _key(req: PageRequest) -> str:
    return str(req.http.path_params["key"])


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as it is shown; `more` are lines of the same kind, which are only shown when they are asked for."""

    topic: str
    line: ReportLine
    more: Sequence[ReportLine] = ()


def entries(lines: Sequence[ReportLine]) -> list[Entry]:
    """The lines, the worst first. Good ones of a topic are one entry, as the last message of each kind of message."""
    found = []
    for standing in (Readiness.BLOCKED, Readiness.ATTENTION, Readiness.READY):
        alike = [each for each in lines if each.standing is standing]
        for topic, group in groupby(alike, _topic):
            words, some = labels.label("topic", topic), list(group)
            if standing is Readiness.READY:
                found.append(Entry(words, some[0], some[1:]))
            else:
                found += [Entry(words, each) for each in some]
    return found


def _topic(line: ReportLine) -> Topic:
    return line.topic


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Every line with its state and where it is put right, then what going live sends."""
    key = _key(req)
    req.app.registry.refresh()  # before the transaction, so that no request holds two connections of the pool
    with req.app.db.read() as tx:
        row = operations.connection_of(tx, key)
        found = report.of(req.app.context, tx, key=key)
        missing = operations.preview_catch_up(tx, key=key)
    context = {
        "connection": row,
        "report": found,
        "missing": missing,
        "entries": entries(found.lines),
        "counts": [(each, sum(line.standing is each for line in found.lines)) for each in Readiness],
        "results": [
            (each, badges.label("comparison", each)) for each in Result if each is not Result.ONLY_THEIRS
        ],
        "kept": [(labels.label("operation", each.operation), each) for each in found.kept],
        "is_live": row.mode == Mode.LIVE,
        "may_write": req.principal.can(Permission.CONNECTIONS_WRITE),
    }
    return page.render(req, "connections/go_live.html", context, toast=toast, status=status)


def switch_on(req: PageRequest) -> Response:
    """Go live, as the form says."""
    key = _key(req)

    def verb(tx: WriteTx) -> str:
        form = forms.GoLive.of(req.form)
        wanted = Wanted(form.catch_up, is_confirmed=form.confirmed)
        done = go_live(req.app.context, tx, key=key, wanted=wanted)
        said = [_("It is live.")]
        if done.sent:
            said.append(counted(done.sent, "{n} call is sent now.", "{n} calls are sent now."))
        if done.discarded:
            said.append(counted(done.discarded, "{n} call is discarded.", "{n} calls are discarded."))
        if done.left:
            said.append(counted(done.left, "{n} call is kept.", "{n} calls are kept."))
        return " ".join(said)

    answer = page.act(req, verb, show=show, back=f"{ROOT}/connections/{key}")
    req.app.registry.look_again()
    return answer


ROUTES: Routes = (
    Read("/connections/{key}/go-live", show, Permission.CONNECTIONS_READ),
    Verb("/connections/{key}/go-live/start", switch_on, Permission.CONNECTIONS_WRITE),
)
