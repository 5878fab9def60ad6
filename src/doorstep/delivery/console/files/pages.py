"""Feeds and files: what other systems and people bring in, how far it is, and which rows are bad; and files to take out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from starlette.responses import Response, StreamingResponse

from doorstep.delivery.console import page, words
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.catalog import views as catalog
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import imports as verbs
from doorstep.domain.inventory.model.imports import SHAPES, ImportKind, ImportState, NewImport
from doorstep.domain.inventory.views import exports
from doorstep.domain.inventory.views import feeds as feed_view
from doorstep.domain.inventory.views import imports as view
from doorstep.flows.stock import import_files
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ImportId

BACK = f"{ROOT}/files"
STATES = {
    ImportState.CHECKING: ("Checking", "progress", "half"),
    ImportState.APPLYING: ("Applying", "progress", "half"),
    ImportState.DONE: ("Done", "success", "check"),
    ImportState.REFUSED: ("Refused", "danger", "alert"),
    ImportState.FAILED: ("Failed", "danger", "alert"),
}
KINDS = {
    ImportKind.STOCK: "Stock: what is on hand",
    ImportKind.STOCK_CHANGES: "Stock: how many more or fewer",
    ImportKind.SKUS: "SKUs",
    ImportKind.SUPPLIES: "Future supply",
    ImportKind.REPLENISHMENT: "Replenishment",
    ImportKind.RULES: "Availability rules",
    ImportKind.SELL_AHEAD: "Selling ahead",
    ImportKind.PARTS: "Kits and grades",
}
_SHOWN = 200


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """The newest files and feeds."""
    with ask.app.db.read() as tx:
        found = view.rows(tx)
        told = feed_view.rows(tx)
    context = {
        "files": found,
        "feeds": [each for each in told if not each.key.startswith("import/")],
        "states": STATES,
        "kinds": KINDS,
        "shapes": SHAPES,
        "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
        "form": ask.form if toast is not None and toast.meaning == "danger" else {},
    }
    return page.render(ask, "files/files.html", context, toast=toast, status=status)


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """How far a file is, and its bad rows."""
    import_id = ask.number("import_id")
    with ask.app.db.read() as tx:
        file = view.row(tx, import_id=import_id)
        context = {
            "file": file,
            "problems": view.problems(tx, import_id=import_id, limit=_SHOWN),
            "columns": SHAPES[file.kind].names,
            "is_busy": file.state in {ImportState.CHECKING, ImportState.APPLYING},
            "states": STATES,
            "kinds": KINDS,
            "may_write": ask.principal.can(Permission.INVENTORY_WRITE),
        }
    return page.render(ask, "files/file.html", context, toast=toast, status=status)


def feed(ask: Ask) -> Response:
    """One feed with the lines that did not simply apply."""
    feed_id = ask.number("feed_id")
    with ask.app.db.read() as tx:
        context = {
            "feed": feed_view.row(tx, feed_id=feed_id),
            "troubles": feed_view.troubles(tx, feed_id=feed_id, limit=_SHOWN),
        }
    return page.render(ask, "files/feed.html", context)


def bring_in(ask: Ask) -> Response:
    """Take a file in; workers check and apply it."""
    made: list[int] = []

    def verb(tx: WriteTx) -> str:
        upload, kind = ask.uploads.get("file"), ask.form.get("kind", "")
        if upload is None or not upload.filename:
            raise errors.Invalid("Choose a file.", field="file")
        if kind not in set(ImportKind):
            raise errors.Invalid("Choose what the file tells.", field="kind")
        new = NewImport(
            kind=ImportKind(kind),
            file_name=upload.filename,
            as_of=_moment(ask),
            source=ask.form.get("source", "").strip() or "file",
            whole=ask.form.get("whole") == "yes",
        )
        import_id, _ = import_files.store(tx, new=new, raw=upload.file, at=ask.now)
        made.append(import_id)
        return (
            f"{words.plural(view.row(tx, import_id=import_id).loaded, 'row')} are read: they are checked now."
        )

    def shown(asked: Ask, toast: Toast | None, status: int) -> Response:
        return show(asked, toast, status)

    return page.act(ask, verb, show=shown, back=BACK)


def _moment(ask: Ask) -> datetime:
    """When the figures were read, on the person's own clock; now, if it is left open."""
    text = ask.form.get("as_of", "").strip()
    if not text:
        return ask.now
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ask.zone).astimezone(UTC)
    except ValueError:
        raise errors.Invalid(f"{text!r} is no moment: write it as 2026-12-24 09:30.", field="as_of") from None


def go_on(ask: Ask) -> Response:
    """Work on a file that failed, from where it stopped."""
    import_id = ImportId(ask.number("import_id"))

    def verb(tx: WriteTx) -> str:
        verbs.go_on(tx, import_id=import_id, at=ask.now)
        return "It goes on where it stopped."

    return page.act(ask, verb, show=one, back=f"{BACK}/{import_id}")


def problems(ask: Ask) -> Response:
    """Every bad row as CSV, to be mended and brought in again."""
    import_id = ask.number("import_id")
    with ask.app.db.read() as tx:
        head = ("line", "problem", *SHAPES[view.row(tx, import_id=import_id).kind].names)

    def lines(tx: ReadTx) -> Iterator[bytes]:
        yield _csv_line(head)
        for row in view.all_problems(tx, import_id=import_id):
            yield _csv_line((row.line_no, row.problem, *row.cells))

    return _download(ask, f"import-{import_id}-problems.csv", lines)


def stock(ask: Ask) -> Response:
    """What lies on shelves, as CSV."""
    return _download(ask, "stock.csv", lambda tx: exports.stock(tx, location_id=ask.location_id))


def movements(ask: Ask) -> Response:
    """The ledger as CSV."""
    of = exports.Slice(location_id=ask.location_id)
    return _download(ask, "movements.csv", lambda tx: exports.movements(tx, of=of))


def rules(ask: Ask) -> Response:
    """Availability rules as CSV."""
    return _download(ask, "rules.csv", exports.rules)


def sell_ahead(ask: Ask) -> Response:
    """What may be sold ahead, as CSV."""
    return _download(ask, "sell-ahead.csv", exports.sell_ahead)


def parts(ask: Ask) -> Response:
    """What kits and graded SKUs are made of, as CSV."""
    return _download(ask, "parts.csv", catalog.parts_file)


def _csv_line(cells: tuple[object, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _download(ask: Ask, name: str, make: Callable[[ReadTx], Iterator[bytes]]) -> Response:
    """A file that is read from the database while it is sent."""

    def pieces() -> Iterator[bytes]:
        with ask.app.db.read() as tx:
            yield from make(tx)

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces(), media_type="text/csv; charset=utf-8", headers=headers)


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
    Verb("/files/bring-in", bring_in, Permission.INVENTORY_WRITE),
    Verb("/files/{import_id:int}/go-on", go_on, Permission.INVENTORY_WRITE),
)
