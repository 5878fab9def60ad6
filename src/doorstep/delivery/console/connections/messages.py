"""Messages of a connection: the list, one with its payload, and reading it again."""

from __future__ import annotations

import json

from starlette.responses import Response

from doorstep.delivery.console import badges, lists, page
from doorstep.delivery.console.cells import At, Count, Link, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections import actions, views
from doorstep.domain.connections.actions import Selection
from doorstep.domain.connections.views import messages
from doorstep.domain.connections.views.messages import MessageRow
from doorstep.domain.identity.model import Permission
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural


def message_list(key: str, connection_id: int) -> ListPage[MessageRow]:
    """What a connection has received, newest first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[MessageRow]:
        wanted = lists.keyset(query, messages.SORTING, limit)
        found = messages.listed(
            tx, connection_id=connection_id, topic=query.get("topic"), state=query.get("state"), page=wanted
        )
        return lists.cut(found, messages.SORTING, wanted)

    return ListPage(
        path=f"/connections/{key}/messages",
        columns=(
            Column(
                _m("Topic"),
                lambda row: Link(row.topic or "–", f"/connections/{key}/messages/{row.id}", "strong"),
                "s1",
            ),
            Column(_m("State"), lambda row: Status(badges.badge("stored_message", row.state)), "s2"),
            Column(_m("Received"), lambda row: At(row.received_at), "s3", "received_at"),
            Column(_m("Event id"), lambda row: Text(row.external_event_id, "code break"), "s4 minor"),
            Column(_m("Bytes"), lambda row: Count(row.size_bytes), "num minor"),
            Column(_m("Problem"), lambda row: lists.text(row.error or ""), "wide full s5"),
        ),
        fetch=fetch,
        noun=plural("{n} message", "{n} messages"),
        sort="-received_at",
        look="cards",
        href=lambda row: f"/connections/{key}/messages/{row.id}",
        filters=[
            Choice(
                "state",
                _m("State"),
                [("", _m("All")), *((name, each.word) for name, each in badges.STORED_MESSAGE.items())],
            )
        ],
    )


def show(req: PageRequest) -> Response:
    """The list, or all of it as CSV."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    listed = message_list(connection.key, connection.id)
    with req.app.db.read() as tx:
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    return page.render(req, "connections/messages.html", {"list": found, "connection": connection})


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One message as it came."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    with req.app.db.read() as tx:
        found = views.payload(tx, message_id=req.number("message_id"))
    if found.connection_id != connection.id:
        raise errors.NotFound(_("There is no such message."))
    context = {
        "connection": connection,
        "message": found,
        "payload": _readable(found.body),
        "may_write": req.principal.can(Permission.CONNECTIONS_WRITE),
    }
    return page.render(req, "connections/message.html", context, toast=toast, status=status)


def _readable(body: bytes) -> str:
    """A JSON body with its lines indented, anything else as text."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def read_again(req: PageRequest) -> Response:
    """Read one message again with today's connector."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    message_id = req.number("message_id")

    def verb(tx: WriteTx) -> str:
        actions.read_again(tx, selection=Selection(connection.id, [message_id]))
        return _("The message is read again.")

    return page.act(req, verb, show=one, back=f"{ROOT}/connections/{connection.key}/messages/{message_id}")


ROUTES: Routes = (
    Read("/connections/{key}/messages", show, Permission.CONNECTIONS_READ),
    Read("/connections/{key}/messages/{message_id:int}", one, Permission.DEAD_LETTERS_READ),
    Verb("/connections/{key}/messages/{message_id:int}/read-again", read_again, Permission.CONNECTIONS_WRITE),
)
