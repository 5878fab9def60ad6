"""Connections to other systems, with mode and health; and the calls that were not sent in shadow mode."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import formats, lists, page
from doorstep.delivery.console.cells import At, Cell, Link, Text
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import health
from doorstep.domain.connections.model import Mode
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.flows import operations
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.jobs import Shadowed

KINDS = {
    "channels": _m("Channel"),
    "carriers": _m("Carrier"),
    "payments": _m("Payments"),
    "erp": _m("ERP"),
    "messengers": _m("Messages"),
}


def show(req: PageRequest) -> Response:
    """Every connection."""
    with req.app.db.read() as tx:
        rows, outages = health.connections(tx, now=req.now), network.outages(tx, at=req.now)
        unsent = jobs.count_shadowed(tx)
    context = {"rows": rows, "outages": outages, "kinds": KINDS, "unsent": unsent}
    return page.render(req, "connections/connections.html", context)


def _subject(row: Shadowed) -> Cell:
    words = f"{row.stream.replace('_', ' ').capitalize()} {row.key}"
    return Link(words, f"/orders/{row.key}") if row.stream == "order" else Text(words)


def unsent_list(key: str) -> ListPage[Shadowed]:
    """Calls that a connection only logged in shadow mode, oldest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[Shadowed]:
        wanted = lists.place(query, jobs.SHADOWED, limit)
        return lists.cut(operations.unsent(tx, key=key, page=wanted), jobs.SHADOWED, wanted)

    return ListPage(
        path=f"/connections/{key}/unsent",
        columns=(
            Column(
                _m("Call"), lambda row: Text(formats.handler(row.subscriber), "strong"), "s1", "subscriber"
            ),
            Column(_m("Subject"), _subject, "s2"),
            Column(_m("Event"), lambda row: Text(row.event_type, "code"), "s3"),
            Column(_m("Since"), lambda row: At(row.occurred_at), "s4", "occurred_at"),
            Column(
                _m("Would send"),
                lambda row: Text(" ".join(str(value) for value in row.would_send.values()), "code"),
                "clip wide full s5",
            ),
        ),
        fetch=fetch,
        noun=plural("{n} call not sent", "{n} calls not sent"),
        sort="occurred_at",
        look="cards",
    )


def unsent(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The calls of one connection that were not sent, or those as CSV."""
    key = str(req.http.path_params["key"])
    listed = unsent_list(key)
    with req.app.db.read() as tx:
        mode, number = operations.mode_of(tx, key), jobs.count_shadowed(tx).get(key, 0)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {
        "key": key,
        "mode": mode,
        "number": number,
        "list": found,
        "is_live": mode is Mode.LIVE,
        "may_write": req.principal.can(Permission.CONNECTIONS_WRITE),
    }
    return page.render(req, "connections/unsent.html", context, toast=toast, status=status)


def send(req: PageRequest) -> Response:
    """Make the calls of a connection that is live now."""
    key = str(req.http.path_params["key"])

    def verb(tx: WriteTx) -> str:
        count = operations.send_shadowed(tx, key=key)
        return counted(count, "{n} call is sent now.", "{n} calls are sent now.")

    return page.act(req, verb, show=unsent, back=f"{ROOT}/connections/{key}/unsent")


def drop(req: PageRequest) -> Response:
    """Discard the calls; their events are kept."""
    key = str(req.http.path_params["key"])

    def verb(tx: WriteTx) -> str:
        count = operations.drop_shadowed(tx, key=key)
        return counted(count, "{n} call is discarded.", "{n} calls are discarded.")

    return page.act(req, verb, show=unsent, back=f"{ROOT}/connections/{key}/unsent")


ROUTES: Routes = (
    Read("/connections", show, Permission.CONNECTIONS_READ),
    Read("/connections/{key}/unsent", unsent, Permission.CONNECTIONS_READ),
    Verb("/connections/{key}/unsent/send", send, Permission.CONNECTIONS_WRITE),
    Verb("/connections/{key}/unsent/drop", drop, Permission.CONNECTIONS_WRITE),
)
