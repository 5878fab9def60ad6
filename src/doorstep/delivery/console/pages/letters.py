"""Dead letters: what stopped and why, one with its payload, re-drive and discard."""

from __future__ import annotations

import re

from starlette.responses import RedirectResponse, Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.delivery.console.page import Toast
from doorstep.domain.analytics.views import letters as view
from doorstep.flows import reconcile
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.log import redact

ADVICE = {
    "transient": "The other side did not answer in time, many times. If it is back, re-drive.",
    "data": "The content is wrong and stays wrong: mend the mapping, the catalogue or the sender, then re-drive.",
    "auth": "The credentials were refused: enter them again at the connection, then re-drive.",
    "bug": "Doorstep failed. Report the trace id; re-drive after the update that mends it.",
}
_PLACE = re.compile(r"`\$?\.?([\w.\[\]-]+)`|at [`'\"]?\$?([\w.\[\]-]+)")
BACK = f"{ROOT}/dead-letters"


def show(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """Groups, and the letters of the chosen one."""
    error_class, what = ask.query("class"), ask.query("what")
    with ask.app.db.read() as tx:
        groups = view.groups(tx)
        rows = view.letters(tx, error_class=error_class, what=what)
    context = {"groups": groups, "rows": rows, "error_class": error_class, "what": what, "advice": ADVICE}
    return page.render(ask, "letters.html", context, toast=toast, status=status)


def one(ask: Ask, toast: Toast | None = None, status: int = 200) -> Response:
    """One letter, its payload with the failing place marked."""
    with ask.app.db.read() as tx:
        opened = view.opened(tx, source=ask.request.path_params["source"], letter_id=ask.number("letter_id"))
    place = _PLACE.search(opened.letter.error)
    marked = page.mark_place(opened.payload, (place[1] or place[2] or "") if place else "")
    headers = redact(opened.headers)
    context = {"opened": opened, "marked": marked, "advice": ADVICE, "headers": headers}
    return page.render(ask, "letter.html", context, toast=toast, status=status)


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
            count = reconcile.redrive(tx, error_class=error_class)
        else:
            count = reconcile.redrive(tx, deliveries=deliveries, messages=messages)
        if not count:
            raise errors.Conflict("These were re-driven or discarded meanwhile.")
        return f"Re-driven: {count}. What fails again comes back here."

    return _after(ask, page.act(ask, verb, show=show, back=BACK))


def discard(ask: Ask) -> Response:
    """Give up on the ticked letters; their payloads are kept."""

    def verb(tx: WriteTx) -> str:
        deliveries, messages = _chosen(ask)
        count = reconcile.discard(tx, deliveries=deliveries, messages=messages)
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
