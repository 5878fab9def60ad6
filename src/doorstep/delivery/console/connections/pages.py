"""Connections to other systems, with mode and health; and the calls that were not sent in shadow mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from starlette.responses import Response

from doorstep.delivery.console import badges, cells, formats, labels, lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.connections import calls
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice, Sortable
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import health
from doorstep.domain.analytics.views.health import ConnectionHealth
from doorstep.domain.connections.model import Mode
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.flows import operations
from doorstep.flows.connection_sign_ins import start
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

_NO_PROBLEMS = Badge(_m("No problems"), "success", "check")
_NEVER = datetime.min.replace(tzinfo=UTC)
_SORT_KEYS: Mapping[str, Callable[[ConnectionHealth], Sortable]] = {
    "name": lambda row: (row.name or row.key).casefold(),
    "kind": lambda row: row.kind,
    "mode": lambda row: row.mode,
    "last_received_at": lambda row: row.last_received_at or _NEVER,
    "received_today": lambda row: row.received_today,
    "waiting": lambda row: row.waiting,
    "changed_at": lambda row: row.changed_at,
}


def show(req: PageRequest) -> Response:
    """Every connection, or those as CSV."""
    req.app.registry.refresh()  # before the transaction, so that no request holds two connections of the pool
    with req.app.db.read() as tx:
        listed = connection_list(req, tx)
        if listed.wants_csv(req):
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {"list": found, "may_write": req.principal.can(Permission.CONNECTIONS_WRITE)}
    return page.render(req, "connections/connections.html", context)


def _name(row: ConnectionHealth) -> list[Cell]:
    name = row.name or row.key
    return [
        Link(name, f"/connections/{row.key}", "strong", value=name),
        Text(row.key, "muted code", value=""),
    ]


def _not_sent(key: str, count: int) -> Cell:
    return (
        Link(formats.number(count), f"/connections/{key}/unsent", value=str(count)) if count else cells.NONE
    )


def _pending(row: ConnectionHealth) -> list[Cell]:
    """The calls that the partner has taken and not finished, and since when the oldest."""
    if row.pending_since is None:
        return []
    words = counted(row.pending, "{n} call is pending since", "{n} calls are pending since")
    return [Text(words, "muted"), At(row.pending_since)]


def connection_list(req: PageRequest, tx: ReadTx) -> ListPage[ConnectionHealth]:
    """Connections by type and key, or in the order that the address asks for."""
    problems = req.app.registry.problems()
    sign_ins = start.states(req.app.context, tx, connections=req.app.registry.opened())
    outages, unsent = network.outages(tx, at=req.now), jobs.count_shadowed(tx)

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[ConnectionHealth]:
        return lists.whole(health.connections(tx, now=req.now), query, _SORT_KEYS)

    def state(row: ConnectionHealth) -> Cell | list[Cell]:
        found: list[Cell] = []
        if row.key in problems:
            found.append(Text(_("Needs attention: doorstep doctor"), "danger-text"))
        if (standing := sign_ins.get(row.id)) and standing.needs_person:
            found.append(Status(badges.badge("sign_in", standing.standing)))
        if outage := outages.get(row.key):
            link = Link(_("Outage"), "/network", "danger-text")
            found += [link, At(outage.since_at), Text(str(outage.reason), "muted")]
        elif row.dead:
            words = counted(row.dead, "{n} dead letter", "{n} dead letters")
            found.append(Link(words, "/dead-letters?what=intake", "danger-text", value=_("Dead letters")))
        found += _pending(row)
        return found or (cells.NONE if row.mode == "off" else Status(_NO_PROBLEMS))

    return ListPage(
        path="/connections",
        columns=(
            Column(
                _m("Connection"),
                _name,
                "s1",
                "name",
            ),
            Column(_m("Key"), lambda row: Text(row.key), only_in_file=True),
            Column(
                _m("Type"),
                lambda row: [
                    Text(labels.label("connection_kind", row.kind)),
                    Text(row.connector, "muted", value=""),
                ],
                "s3",
                "kind",
            ),
            Column(_m("Connector"), lambda row: Text(row.connector), only_in_file=True),
            Column(_m("Mode"), lambda row: Status(badges.badge("mode", row.mode)), "s2", "mode"),
            Column(_m("Health"), state, "s4"),
            Column(_m("Dead letters"), lambda row: Count(row.dead), only_in_file=True),
            Column(_m("Pending calls"), lambda row: Count(row.pending), only_in_file=True),
            Column(_m("Last message"), lambda row: At(row.last_received_at), "s5", "last_received_at"),
            Column(_m("Last 24 hours"), lambda row: Count(row.received_today), "num minor", "received_today"),
            Column(_m("Waiting"), lambda row: Count(row.waiting), "num minor", "waiting"),
            Column(_m("Not sent"), lambda row: _not_sent(row.key, unsent.get(row.key, 0)), "num minor"),
            Column(_m("Changed"), lambda row: At(row.changed_at), "s6", "changed_at"),
        ),
        fetch=fetch,
        noun=plural("{n} connection", "{n} connections"),
        href=lambda row: f"/connections/{row.key}",
    )


def unsent(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The calls of one connection that were not sent, or those as CSV."""
    key = str(req.http.path_params["key"])
    listed = calls.unsent_list(key)
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
