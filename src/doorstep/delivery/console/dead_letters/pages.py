"""Dead letters: what stopped and why, one with its payload, re-drive and discard."""

from __future__ import annotations

import json
import re

from markupsafe import Markup, escape
from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.analytics.views import letters as view
from doorstep.domain.identity.model import Permission
from doorstep.flows import operations
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.log import redact

ADVICE = {
    "transient": "The other side did not answer in time, many times. If it is back, re-drive.",
    "data": "The content is wrong and stays wrong: mend the mapping, the catalogue or the sender, then re-drive.",
    "auth": "The credentials were refused: enter them again at the connection, then re-drive.",
    "bug": "Doorstep failed. Report the trace id; re-drive after the update that mends it.",
}
_PLACE = re.compile(r"`\$\.?([^`]+)`|\bat [`'\"]?\$?\.?([\w.\[\]-]+)")
_STEP = re.compile(r"\[(\d+)\]|[^.\[\]]+")
_HERE = "the failing place stands here"
BACK = f"{ROOT}/dead-letters"


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Groups, and the letters of the chosen one."""
    error_class, what = ask.query("class"), ask.query("what")
    with ask.app.db.read() as tx:
        groups = view.groups(tx)
        rows = view.dead_letters(tx, error_class=error_class, what=what)
    context = {"groups": groups, "rows": rows, "error_class": error_class, "what": what, "advice": ADVICE}
    return page.render(ask, "dead_letters/letters.html", context, toast=toast, status=status)


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One letter, its payload with the failing place marked."""
    with ask.app.db.read() as tx:
        opened = view.opened(tx, source=ask.request.path_params["source"], letter_id=ask.number("letter_id"))
    marked = mark_place(opened.payload, opened.letter.error) if opened.is_json else escape(opened.payload)
    headers = redact(opened.headers)
    context = {"opened": opened, "marked": marked, "advice": ADVICE, "headers": headers}
    return page.render(ask, "dead_letters/letter.html", context, toast=toast, status=status)


def mark_place(payload: str, error: str) -> Markup:
    """The payload with the value marked that an error names by a path, as in `$.line_items[0].sku`."""
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
    before, _, after = json.dumps(document, indent=2, ensure_ascii=False).partition(f'"{_HERE}"')
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


def _chosen(ask: Ask) -> tuple[list[int], list[int]]:
    """Deliveries and messages of the ticked rows, named delivery-7 and inbox-9."""
    ticked = [name.partition("-") for name in ask.form if name.startswith(("delivery-", "inbox-"))]
    numbers = [(kind, int(number)) for kind, _, number in ticked if number.isdigit()]
    deliveries = [number for kind, number in numbers if kind == "delivery"]
    return deliveries, [number for kind, number in numbers if kind == "inbox"]


def redrive(ask: Ask) -> Response:
    """Try the ticked letters again, or all of a class."""

    def verb(tx: WriteTx) -> str:
        deliveries, messages = _chosen(ask)
        error_class = ask.form.get("class") or None
        if error_class is None and not deliveries and not messages:
            raise errors.Invalid("Tick at least one row first.")
        if error_class is not None:
            count = operations.retry(tx, error_class=error_class)
        else:
            count = operations.retry(tx, deliveries=deliveries, messages=messages)
        if not count:
            raise errors.Conflict("These were re-driven or discarded meanwhile.")
        return f"Re-driven: {count}. What fails again comes back here."

    return _after(ask, page.act(ask, verb, show=show, back=BACK))


def discard(ask: Ask) -> Response:
    """Give up on the ticked letters; their payloads are kept."""

    def verb(tx: WriteTx) -> str:
        deliveries, messages = _chosen(ask)
        count = operations.discard(tx, deliveries=deliveries, messages=messages)
        if not count:
            raise errors.Conflict("These were re-driven or discarded meanwhile, or none was ticked.")
        return f"Discarded: {count}. The facts and bytes are kept."

    return _after(ask, page.act(ask, verb, show=show, back=BACK))


def _after(ask: Ask, response: Response) -> Response:
    """An action on a letter's own page leads back to the list."""
    if ask.is_fragment:
        response.headers["HX-Push-Url"] = BACK
    elif isinstance(response, RedirectResponse):
        response.headers["location"] = BACK
    return response


ROUTES: Routes = (
    Read("/dead-letters", show, Permission.DEAD_LETTERS_READ),
    Read("/dead-letters/{source}/{letter_id:int}", one, Permission.DEAD_LETTERS_READ),
    Verb("/dead-letters/redrive", redrive, Permission.DEAD_LETTERS_WRITE),
    Verb("/dead-letters/discard", discard, Permission.DEAD_LETTERS_WRITE),
)
