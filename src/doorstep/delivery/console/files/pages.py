"""Imports and their bad rows, stock feeds, and exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from starlette.responses import Response, StreamingResponse

from doorstep.delivery.console import badges, lists, page
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import At, Cell, Count, Link, Percent, Status, Text
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.catalog import views as catalog
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import imports as verbs
from doorstep.domain.inventory.model.imports import SHAPES, Import, ImportKind, ImportState, NewImport
from doorstep.domain.inventory.views import exports
from doorstep.domain.inventory.views import feeds as feed_view
from doorstep.domain.inventory.views import imports as view
from doorstep.domain.inventory.views.feeds import FeedRow, UnappliedLine
from doorstep.flows.stock import import_files
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import ImportId

BACK = f"{ROOT}/files"
STATES = {
    ImportState.CHECKING: Badge(_m("Checking"), "progress", "half"),
    ImportState.APPLYING: Badge(_m("Applying"), "progress", "half"),
    ImportState.DONE: Badge(_m("Done"), "success", "check"),
    ImportState.REFUSED: Badge(_m("Rejected"), "danger", "alert"),
    ImportState.FAILED: Badge(_m("Failed"), "danger", "alert"),
}
BUSY = frozenset({ImportState.CHECKING, ImportState.APPLYING})
KINDS = {
    ImportKind.STOCK: _m("Stock on hand"),
    ImportKind.STOCK_CHANGES: _m("Stock changes"),
    ImportKind.SKUS: _m("SKUs"),
    ImportKind.SUPPLIES: _m("Incoming supply"),
    ImportKind.REPLENISHMENT: _m("Replenishment rules"),
    ImportKind.RULES: _m("Availability rules"),
    ImportKind.SELL_AHEAD: _m("Sell-ahead policies"),
    ImportKind.PARTS: _m("Kits and conditions"),
}
_SHOWN = 200
_ROWS = 50


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Files and feeds, the newest first, or one of the lists as CSV."""
    files, feeds = import_list(), feed_list()
    if files.wants_csv(req):
        return files.csv(req)
    if feeds.wants_csv(req):
        return feeds.csv(req)
    with req.app.db.read() as tx:
        found, received = files.load(req, tx), feeds.load(req, tx)
    context = {
        "files": found,
        "feeds": received,
        "kinds": KINDS,
        "is_busy": any(each.state in BUSY for each in found.rows),
        "shapes": SHAPES,
        "may_write": req.principal.can(Permission.INVENTORY_WRITE),
    }
    return page.render(req, "files/files.html", context, toast=toast, status=status)


def import_list() -> ListPage[Import]:
    """Imports with their progress."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[Import]:
        wanted = lists.keyset(query, view.SORTING, limit)
        return lists.cut(view.page(tx, wanted=wanted), view.SORTING, wanted)

    return ListPage(
        path="/files",
        name="imports",
        columns=(
            Column(
                _m("File"),
                lambda row: [
                    Link(row.file_name, f"/files/{row.id}", "strong"),
                    Text(str(row.id), "muted", value=""),
                ],
                "clip s1",
                "file_name",
            ),
            Column(_m("Number"), lambda row: Text(str(row.id)), only_in_file=True),
            Column(_m("Contents"), lambda row: Text(_(KINDS[row.kind])), "s3"),
            Column(
                _m("Progress"),
                lambda row: Percent(row.percent) if row.state in BUSY else Status(STATES[row.state]),
                "s2",
            ),
            Column(_m("Rows"), lambda row: Count(row.loaded), "num s4", "loaded"),
            Column(_m("Applied"), lambda row: Count(row.applied), "num minor", "applied"),
            Column(_m("Unchanged"), lambda row: Count(row.ignored), "num minor", "ignored"),
            Column(_m("Invalid"), lambda row: _bad(row.bad), "num s5", "bad"),
            Column(_m("Imported"), lambda row: At(row.created_at), "s6", "created_at"),
        ),
        fetch=fetch,
        noun=plural("{n} import", "{n} imports"),
        sort="-created_at",
        rows_a_page=_ROWS,
        href=lambda row: f"/files/{row.id}",
    )


def feed_list() -> ListPage[FeedRow]:
    """Stock feeds with their totals."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[FeedRow]:
        wanted = lists.keyset(query, feed_view.SORTING, limit)
        return lists.cut(feed_view.page(tx, wanted=wanted), feed_view.SORTING, wanted)

    def contents(row: FeedRow) -> Cell:
        return Text(_("Stock on hand") if row.mode.value == "set" else _("Stock changes"))

    return ListPage(
        path="/files",
        name="feeds",
        columns=(
            Column(_m("Source"), lambda row: Link(row.source, f"/feeds/{row.id}", "strong"), "s1", "source"),
            Column(_m("Contents"), contents, "s3"),
            Column(_m("As of"), lambda row: At(row.as_of), "s5", "as_of"),
            Column(_m("Lines"), lambda row: Count(row.lines), "num s4", "lines"),
            Column(_m("Applied"), lambda row: Count(row.applied), "num minor", "applied"),
            Column(_m("Unchanged"), lambda row: Count(row.unchanged + row.ignored), "num minor"),
            Column(_m("Discrepancies"), lambda row: _bad(row.contradicted), "num minor", "contradicted"),
            Column(_m("Rejected"), lambda row: _bad(row.refused), "num minor", "refused"),
            Column(_m("Received"), lambda row: At(row.received_at), "s6", "received_at"),
        ),
        fetch=fetch,
        noun=plural("{n} feed", "{n} feeds"),
        sort="-received_at",
        rows_a_page=_ROWS,
        href=lambda row: f"/feeds/{row.id}",
    )


def line_list(feed_id: int) -> ListPage[UnappliedLine]:
    """Lines of a feed that did not simply apply, in their order."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[UnappliedLine]:
        wanted = lists.keyset(query, feed_view.LINES, limit)
        found = feed_view.unapplied_page(tx, feed_id=feed_id, page=wanted)
        return lists.cut(found, feed_view.LINES, wanted)

    return ListPage(
        path=f"/feeds/{feed_id}",
        columns=(
            Column(_m("Line"), lambda row: Count(row.line_no), "num", "line_no"),
            Column(_m("SKU"), lambda row: Text(row.sku, "code"), sort="sku"),
            Column(_m("Location"), lambda row: lists.text(row.location), sort="location"),
            Column(_m("Result"), lambda row: Status(badges.badge("feed_line", row.outcome)), sort="outcome"),
            Column(_m("Reason"), lambda row: lists.text(row.reason), "wrap full"),
        ),
        fetch=fetch,
        noun=plural("{n} line", "{n} lines"),
        sort="line_no",
    )


def _bad(count: int) -> Cell:
    return Count(count, "strong danger-text" if count else "")


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One import with its progress and bad rows."""
    import_id = req.number("import_id")
    with req.app.db.read() as tx:
        file = view.row(tx, import_id=import_id)
        context = {
            "file": file,
            "problems": view.problems(tx, import_id=import_id, limit=_SHOWN),
            "columns": SHAPES[file.kind].names,
            "is_busy": file.state in BUSY,
            "badge": STATES[file.state],
            "kind": KINDS[file.kind],
            "may_write": req.principal.can(Permission.INVENTORY_WRITE),
        }
    return page.render(req, "files/file.html", context, toast=toast, status=status)


def feed(req: PageRequest) -> Response:
    """One feed with the lines that were not applied, or those as CSV."""
    feed_id = req.number("feed_id")
    listed = line_list(feed_id)
    with req.app.db.read() as tx:
        found = feed_view.row(tx, feed_id=feed_id)
        if listed.wants_csv(req):
            return listed.csv(req)
        context = {"feed": found, "list": listed.load(req, tx)}
    return page.render(req, "files/feed.html", context)


def start_import(req: PageRequest) -> Response:
    """Upload a file; workers check and apply it."""

    def verb(tx: WriteTx) -> str:
        upload, kind = req.uploads.get("file"), req.form.get("kind", "")
        if upload is None or not upload.filename:
            raise errors.Invalid(_("Choose a file."), field="file")
        if kind not in set(ImportKind):
            raise errors.Invalid(_("Choose what the file contains."), field="kind")
        new = NewImport(
            kind=ImportKind(kind),
            file_name=upload.filename,
            as_of=_moment(req),
            source=req.form.get("source", "").strip() or "file",
            whole=req.form.get("whole") == "yes",
        )
        import_id, _is_new = import_files.store(tx, new=new, raw=upload.file, at=req.now)
        rows = view.row(tx, import_id=import_id).loaded
        return counted(rows, "{n} row read. Checking now.", "{n} rows read. Checking now.")

    return page.act(req, verb, show=show, back=BACK)


def _moment(req: PageRequest) -> datetime:
    """The time of the data on the person's own clock; now, if it is left blank."""
    text = req.form.get("as_of", "").strip()
    if not text:
        return req.now
    try:
        return datetime.fromisoformat(text).replace(tzinfo=req.zone).astimezone(UTC)
    except ValueError:
        raise errors.Invalid(_("Enter a date and time."), field="as_of") from None


def resume(req: PageRequest) -> Response:
    """Resume an import that failed, from where it stopped."""
    import_id = ImportId(req.number("import_id"))

    def verb(tx: WriteTx) -> str:
        verbs.resume(tx, import_id=import_id, at=req.now)
        return _("Resumed.")

    return page.act(req, verb, show=one, back=f"{BACK}/{import_id}")


def problems(req: PageRequest) -> Response:
    """Every bad row as CSV, to be corrected and imported again."""
    import_id = req.number("import_id")
    with req.app.db.read() as tx:
        head = ("line", "problem", *SHAPES[view.row(tx, import_id=import_id).kind].names)

    def lines(tx: ReadTx) -> Iterator[bytes]:
        yield _csv_line(head)
        for row in view.all_problems(tx, import_id=import_id):
            yield _csv_line((row.line_no, row.problem, *row.cells))

    return _download(req, f"import-{import_id}-problems.csv", lines)


def stock(req: PageRequest) -> Response:
    """Stock on hand as CSV."""
    return _download(req, "stock.csv", lambda tx: exports.stock(tx, location_id=req.location_id))


def movements(req: PageRequest) -> Response:
    """The ledger as CSV."""
    of = exports.Slice(location_id=req.location_id)
    return _download(req, "movements.csv", lambda tx: exports.movements(tx, of=of))


def rules(req: PageRequest) -> Response:
    """Availability rules as CSV."""
    return _download(req, "rules.csv", exports.rules)


def sell_ahead(req: PageRequest) -> Response:
    """Sell-ahead policies as CSV."""
    return _download(req, "sell-ahead.csv", exports.sell_ahead)


def parts(req: PageRequest) -> Response:
    """Components of kits and conditions as CSV."""
    return _download(req, "parts.csv", catalog.parts_file)


def _csv_line(cells: tuple[object, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _download(req: PageRequest, name: str, make: Callable[[ReadTx], Iterator[bytes]]) -> Response:
    """A file that is read from the database while it is sent."""

    def units() -> Iterator[bytes]:
        with req.app.db.read() as tx:
            yield from make(tx)

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(units(), media_type="text/csv; charset=utf-8", headers=headers)


ROUTES: Routes = (
    Read("/files", show, Permission.CONNECTIONS_READ),
    Read("/files/stock.csv", stock, Permission.INVENTORY_READ),
    Read("/files/movements.csv", movements, Permission.INVENTORY_READ),
    Read("/files/rules.csv", rules, Permission.INVENTORY_READ),
    Read("/files/sell-ahead.csv", sell_ahead, Permission.INVENTORY_READ),
    Read("/files/parts.csv", parts, Permission.INVENTORY_READ),
    Read("/files/{import_id:int}", one, Permission.CONNECTIONS_READ),
    Read("/files/{import_id:int}/problems.csv", problems, Permission.CONNECTIONS_READ),
    Read("/feeds/{feed_id:int}", feed, Permission.CONNECTIONS_READ),
    Verb("/files/import", start_import, Permission.INVENTORY_WRITE),
    Verb("/files/{import_id:int}/resume", resume, Permission.INVENTORY_WRITE),
)
