"""Dead letters: what stopped and why, one with its payload, re-drive and discard."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from markupsafe import Markup, escape
from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import badges, cells, formats, lists, page
from doorstep.delivery.console.cells import At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Choice, Column, ListPage, Query, Selection, Slice
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import dead_letters as view
from doorstep.domain.analytics.views.dead_letters import DeadLetter, DeadLetterGroup
from doorstep.domain.identity.model import Permission
from doorstep.flows import operations
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.i18n import counted, plural
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.ids import whole_number
from doorstep.kernel.log import redact

ADVICE = {
    "transient": _m("The other system did not answer, or asked to wait. Retry when it answers again."),
    "data": _m("A value was rejected. Correct what the error names, then retry."),
    "auth": _m(
        "The connection is switched off, or its credentials were rejected. Correct the connection, then retry."
    ),
    "bug": _m("Internal error in Doorstep. Report the trace ID, and retry after an update fixes it."),
}
_ADVICE_FOR_MESSAGES = {
    **ADVICE,
    "data": _m(
        "The message has a value that Doorstep cannot use. Correct the mapping, the catalog or the sender, then retry."
    ),
}
_PLACE = re.compile(r"`\$\.?([^`]+)`|\bat [`'\"]?\$?\.?([\w.\[\]-]+)")
_STEP = re.compile(r"\[(\d+)\]|[^.\[\]]+")
_HERE = "the failing value stands here"
BACK = f"{ROOT}/dead-letters"


def _error_class(row: DeadLetter) -> Cell:
    return Status(badges.badge("error", row.error_class))


def _order(row: DeadLetter) -> Cell:
    return Link(row.order_number, f"/orders/{row.order_id}", "code") if row.order_id else cells.NONE


def letter_list(groups: Sequence[DeadLetterGroup], *, may_write: bool) -> ListPage[DeadLetter]:
    """Dead letters, the latest failure first."""

    def fetch(tx: ReadTx, query: Query, limit: int) -> Slice[DeadLetter]:
        wanted = lists.keyset(query, view.SORTING, limit)
        rows = view.dead_letters(tx, error_class=query.get("class"), what=query.get("what"), page=wanted)
        return lists.cut(rows, view.SORTING, wanted)

    classes = sorted({each.error_class for each in groups})
    readers = sorted({each.what for each in groups})
    return ListPage(
        path="/dead-letters",
        columns=(
            Column(
                _m("Message"),
                lambda row: [
                    Link(_title(row.connection, row.what), f"/dead-letters/{row.source}/{row.id}", "strong"),
                    Text(row.topic, "muted", value=""),
                ],
                "s1",
            ),
            Column(_m("Event"), lambda row: lists.text(row.topic), only_in_file=True),
            Column(_m("Error class"), _error_class, "s2"),
            Column(_m("Error"), lambda row: Text(row.error), "clip wide full s3"),
            Column(_m("Attempts"), lambda row: Count(row.attempts), "num minor", "attempts"),
            Column(_m("First failed"), lambda row: At(row.first_failed_at), "minor", "first_failed_at"),
            Column(_m("Last failed"), lambda row: At(row.last_failed_at), "s5", "last_failed_at"),
            Column(_m("Order"), _order, "s6"),
        ),
        fetch=fetch,
        noun=plural("{n} dead letter", "{n} dead letters"),
        sort=f"-{view.LATEST.sort}",
        href=lambda row: f"/dead-letters/{row.source}/{row.id}",
        filters=[
            Choice(
                "class",
                _m("Error class"),
                [
                    ("", _m("Any error class")),
                    *((each, badges.badge("error", each).word) for each in classes),
                ],
            ),
            Choice(
                "what",
                _m("Handler"),
                [("", _m("Any handler")), *((each, formats.handler(each)) for each in readers)],
            ),
        ],
        look="cards",
        selection=Selection(name=lambda row: row.name, label=lambda row: _title(row.connection, row.what))
        if may_write
        else None,
    )


def _title(connection: str, what: str) -> str:
    return connection or formats.handler(what)


def show(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """Groups, and the dead letters of the chosen one; or those as CSV."""
    may_write = req.principal.can(Permission.DEAD_LETTERS_WRITE)
    with req.app.db.read() as tx:
        groups = view.groups(tx)
        listed = letter_list(groups, may_write=may_write)
        if req.query("format") == "csv":
            return listed.csv(req)
        found = listed.load(req, tx)
    context = {"groups": groups, "list": found, "advice": ADVICE, "may_write": may_write}
    return page.render(req, "dead_letters/letters.html", context, toast=toast, status=status)


def one(req: PageRequest, toast: Toast | None = None, status: int = 200) -> Response:
    """One dead letter, its payload with the failing value marked."""
    with req.app.db.read() as tx:
        opened = view.opened(tx, source=req.http.path_params["source"], letter_id=req.number("letter_id"))
    marked = mark_place(opened.payload, opened.letter.error) if opened.is_json else escape(opened.payload)
    headers = redact(opened.headers)
    advice = _ADVICE_FOR_MESSAGES if opened.letter.source == "inbox" else ADVICE
    context = {"opened": opened, "marked": marked, "advice": advice, "headers": headers}
    return page.render(req, "dead_letters/letter.html", context, toast=toast, status=status)


def mark_place(payload: str, error: str) -> Markup:
    """The payload with the value marked that an error names by a path, as in `$.line_items[0].sku`."""
    try:
        return _marked(payload, error)
    except RecursionError:  # nested too deeply to be written with indents
        return escape(payload)


def _marked(payload: str, error: str) -> Markup:
    named = _PLACE.search(error)
    steps = list(_STEP.finditer((named[1] or named[2]) if named else ""))
    document: object = json.loads(payload)
    within: object = document
    for step in steps[:-1]:
        within = _inside(within, step)
    last = steps[-1] if steps else None
    found = _inside(within, last) if last else None
    if last is None or found is None:
        return escape(payload)
    if isinstance(within, dict):
        within[last[0]] = _HERE
    elif isinstance(within, list):
        within[int(last[1])] = _HERE
    before, _mark, after = json.dumps(document, indent=2, ensure_ascii=False).partition(f'"{_HERE}"')
    return Markup("{}<mark>{}</mark>{}").format(
        before, json.dumps(found, indent=2, ensure_ascii=False), after
    )


def _inside(value: object, step: re.Match[str]) -> object:
    """One step into a document; None where it does not lead anywhere."""
    if isinstance(value, dict):
        return value.get(step[0])
    if isinstance(value, list) and step[1] and int(step[1]) < len(value):
        return value[int(step[1])]
    return None


def _chosen(req: PageRequest) -> tuple[list[int], list[int]]:
    """Deliveries and messages of the selected rows, named delivery-7 and inbox-9."""
    ticked = [name.partition("-") for name in req.form if name.startswith(("delivery-", "inbox-"))]
    numbers = [(kind, whole_number(number)) for kind, _dash, number in ticked]
    deliveries = [number for kind, number in numbers if kind == "delivery" and number is not None]
    return deliveries, [number for kind, number in numbers if kind == "inbox" and number is not None]


def retry(req: PageRequest) -> Response:
    """Retry the selected dead letters, or all of a class."""

    def verb(tx: WriteTx) -> str:
        deliveries, messages = _chosen(req)
        error_class = req.form.get("class") or None
        if error_class is None and not deliveries and not messages:
            raise errors.Invalid(_("Select at least one row first."))
        if error_class is not None:
            count = operations.retry(tx, error_class=error_class)
        else:
            count = operations.retry(tx, deliveries=deliveries, messages=messages)
        if not count:
            raise errors.Conflict(_("These were retried or discarded meanwhile."))
        return counted(
            count,
            "{n} dead letter is retried. If it fails again, it comes back here.",
            "{n} dead letters are retried. Those that fail again come back here.",
        )

    return _back(req, page.act(req, verb, show=show, back=BACK))


def discard(req: PageRequest) -> Response:
    """Discard the selected dead letters; their payloads are kept."""

    def verb(tx: WriteTx) -> str:
        deliveries, messages = _chosen(req)
        count = operations.discard(tx, deliveries=deliveries, messages=messages)
        if not count:
            raise errors.Conflict(_("These were retried or discarded meanwhile, or no row is selected."))
        return counted(count, "{n} dead letter is discarded.", "{n} dead letters are discarded.")

    return _back(req, page.act(req, verb, show=show, back=BACK))


def _back(req: PageRequest, response: Response) -> Response:
    """An action leads back to the list with its filters."""
    back = page.with_query(BACK, {name: req.query(name) for name in ("class", "what")})
    if req.is_fragment:
        response.headers["HX-Push-Url"] = back
    elif isinstance(response, RedirectResponse):
        response.headers["location"] = back
    return response


ROUTES: Routes = (
    Read("/dead-letters", show, Permission.DEAD_LETTERS_READ),
    Read("/dead-letters/{source}/{letter_id:int}", one, Permission.DEAD_LETTERS_READ),
    Verb("/dead-letters/retry", retry, Permission.DEAD_LETTERS_WRITE),
    Verb("/dead-letters/discard", discard, Permission.DEAD_LETTERS_WRITE),
)
