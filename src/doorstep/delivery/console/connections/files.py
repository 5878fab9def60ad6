"""Files of a connection: the list, one with its messages, and reading it again."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import badges, lists, page
from doorstep.delivery.console.cells import At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections.actions import files as actions
from doorstep.domain.connections.views import files
from doorstep.domain.connections.views.files import TransferRow
from doorstep.domain.identity.model import Permission
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural

_DIRECTIONS = {"in": _m("Received"), "out": _m("Sent")}


def _problem(row: TransferRow) -> Cell:
    if row.duplicate_of is not None:
        return Text(_("Its content was taken before, from file %(id)s.") % {"id": row.duplicate_of})
    return lists.text(row.error or "")


def file_list(key: str, connection_id: int) -> ListPage[TransferRow]:
    """What a connection has received and sent, newest first."""
    here = f"/connections/{key}/files"

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[TransferRow]:
        wanted = lists.keyset(query, files.SORTING, limit)
        found = files.listed(tx, connection_id=connection_id, state=query.get("state"), page=wanted)
        return lists.cut(found, files.SORTING, wanted)

    return ListPage(
        path=here,
        columns=(
            Column(_m("File"), lambda row: Link(row.name, f"{here}/{row.id}", "strong break"), "s1"),
            Column(_m("State"), lambda row: Status(badges.badge("file_transfer", row.state)), "s2"),
            Column(_m("Direction"), lambda row: Text(_(_DIRECTIONS[row.direction])), "s3"),
            Column(_m("Feed"), lambda row: Text(row.feed), "minor"),
            Column(_m("Bytes"), lambda row: Count(row.size_bytes), "num minor"),
            Column(_m("Rows"), lambda row: Count(row.rows), "num"),
            Column(_m("Messages"), lambda row: Count(row.messages), "num minor"),
            Column(_m("When"), lambda row: At(row.created_at), "s4", "created_at"),
            Column(_m("Problem"), _problem, "wide full s5"),
        ),
        fetch=fetch,
        noun=plural("{n} file", "{n} files"),
        sort="-created_at",
        look="cards",
        href=lambda row: f"{here}/{row.id}",
        filters=[
            Choice(
                "state",
                _m("State"),
                [("", _m("All")), *((name, each.word) for name, each in badges.FILE_TRANSFER.items())],
            )
        ],
    )


def show(req: PageRequest) -> Response:
    """The list, or all of it as CSV."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    listed = file_list(connection.key, connection.id)
    with req.app.db.read() as tx:
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    return page.render(req, "connections/files.html", {"list": found, "connection": connection})


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One file with its messages."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    transfer_id = req.number("file_id")
    with req.app.db.read() as tx:
        found = files.one(tx, connection_id=connection.id, transfer_id=transfer_id)
        messages = files.messages(tx, transfer_id=transfer_id)
    context = {
        "connection": connection,
        "file": found,
        "messages": messages,
        "direction": _(_DIRECTIONS[found.direction]),
        "may_read_again": req.principal.can(Permission.CONNECTIONS_WRITE)
        and found.state in {"read", "failed"},
    }
    return page.render(req, "connections/file.html", context, toast=toast, status=status)


def read_again(req: PageRequest) -> Response:
    """Read a file again with today's connector."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    transfer_id = req.number("file_id")

    def verb(tx: WriteTx) -> str:
        actions.read_again(tx, connection_id=connection.id, transfer_id=transfer_id)
        return _("The file is read again. What it reports is applied as if it came once more.")

    return page.act(req, verb, show=one, back=f"{ROOT}/connections/{connection.key}/files/{transfer_id}")


ROUTES: Routes = (
    Read("/connections/{key}/files", show, Permission.CONNECTIONS_READ),
    Read("/connections/{key}/files/{file_id:int}", one, Permission.CONNECTIONS_READ),
    Verb("/connections/{key}/files/{file_id:int}/read-again", read_again, Permission.CONNECTIONS_WRITE),
)
