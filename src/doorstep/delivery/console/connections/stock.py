"""The stock levels that a sales channel has and gets: the list, and sending them again."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import lists, page
from doorstep.delivery.console.cells import NONE, At, Count, Link, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.views import publishing
from doorstep.domain.inventory.views.publishing import Published
from doorstep.flows.stock import publish
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import mark as _m


def level_list(key: str, connection_id: int) -> ListPage[Published]:
    """The levels of a channel by SKU."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[Published]:
        wanted = lists.keyset(query, publishing.BY_SKU, limit)
        found = publishing.levels(tx, connection_id=connection_id, state=query.get("state"), page=wanted)
        return lists.cut(found, publishing.BY_SKU, wanted)

    return ListPage(
        path=f"/connections/{key}/stock",
        columns=(
            Column(_m("SKU"), lambda row: Link(row.sku, f"/inventory?q={row.sku}", "strong"), "s1", "sku"),
            Column(_m("Available"), lambda row: Count(row.available), "num s2"),
            Column(_m("Sent"), lambda row: NONE if row.sent is None else Count(row.sent), "num s3"),
            Column(_m("Sent at"), lambda row: At(row.sent_at) if row.sent_at else NONE, "s4"),
            Column(_m("Changed"), lambda row: At(row.changed_at), "minor"),
            Column(_m("Refused because"), lambda row: Text(row.error) if row.error else NONE, "wide full s5"),
        ),
        fetch=fetch,
        noun=plural("{n} SKU", "{n} SKUs"),
        sort="sku",
        look="cards",
        filters=[
            Choice(
                "state",
                _m("State"),
                [("", _m("All")), ("waiting", _m("To send")), ("refused", _m("Refused"))],
            )
        ],
    )


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """The list, or all of it as CSV."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))
    listed = level_list(connection.key, connection.id)
    with req.app.db.read() as tx:
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
        counts = publishing.counts(tx, connection_id=connection.id)
    context = {
        "list": found,
        "connection": connection,
        "counts": counts,
        "may_write": req.principal.can(Permission.CONNECTIONS_WRITE),
    }
    return page.render(req, "connections/stock.html", context, toast=toast, status=status)


def send_again(req: PageRequest) -> Response:
    """Send all levels again, also those that were refused."""
    connection = req.app.registry.by_key(str(req.http.path_params["key"]))

    def verb(tx: WriteTx) -> str:
        count = publish.send_again(tx, connection_id=connection.id)
        return counted(count, "{n} level is sent within a minute.", "{n} levels are sent within a minute.")

    return page.act(req, verb, show=show, back=f"{ROOT}/connections/{connection.key}/stock")


ROUTES: Routes = (
    Read("/connections/{key}/stock", show, Permission.CONNECTIONS_READ),
    Verb("/connections/{key}/stock/send-again", send_again, Permission.CONNECTIONS_WRITE),
)
