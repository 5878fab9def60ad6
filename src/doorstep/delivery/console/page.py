"""Rendering: one Jinja environment, a whole page or only its main part, toasts and errors in a person's words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from doorstep.delivery.console import words
from doorstep.delivery.console.ask import ROOT, Ask
from doorstep.domain.analytics import model as analytics
from doorstep.domain.analytics.views import home
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx

HERE = Path(__file__).parent
STATUS: dict[type[errors.DoorstepError], int] = {
    errors.Invalid: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Refused: 403,
    errors.Unavailable: 503,
}


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the navigation."""

    key: str
    label: str
    path: str
    icon: str
    permission: Permission
    on_phone: bool = False


RAIL = (
    Item("home", "Home", "", "home", Permission.ORDERS_READ, on_phone=True),
    Item("orders", "Orders", "/orders", "orders", Permission.ORDERS_READ, on_phone=True),
    Item("fulfillment", "Fulfillment", "/fulfillment", "box", Permission.FULFILLMENT_READ, on_phone=True),
    Item("inventory", "Inventory", "/inventory", "layers", Permission.INVENTORY_READ),
    Item("returns", "Returns", "/returns", "return", Permission.RETURNS_READ, on_phone=True),
    Item("routing", "Routing", "/routing", "route", Permission.RULES_READ),
    Item("connections", "Connections", "/connections", "plug", Permission.CONNECTIONS_READ),
    Item("dead-letters", "Dead letters", "/dead-letters", "letter", Permission.DEAD_LETTERS_READ),
    Item("settings", "Settings", "/settings", "settings", Permission.USERS_WRITE),
)


@dataclass(frozen=True, slots=True)
class Toast:
    """What happened, in a sentence; danger stays until it is dismissed."""

    text: str
    meaning: str = "success"


def _version_of(folder: Path) -> str:
    """Changes whenever a file does, so that browsers may keep what they have for ever."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


VERSION = _version_of(HERE / "static")


@jinja2.pass_context
def _time(
    context: jinja2.runtime.Context, at: datetime | None, *, zone: str = "", relative: bool = True
) -> Markup:
    """A moment: how long ago, with the exact time (and its zone, where it is not the reader's) on hover."""
    if at is None:
        return Markup("–")
    ask: Ask = context["ask"]
    where = ZoneInfo(zone) if zone else ask.zone
    exact = words.moment(at, where)
    if not same_clock(where, ask.zone, at):
        exact += f" {words.place_of(where)} time"
    text = words.ago(at, ask.now) if relative else exact
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, text)


def same_clock(one: ZoneInfo, other: ZoneInfo, at: datetime) -> bool:
    """Whether two zones' clocks show the same then (a zone may have several names)."""
    return at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset()


def with_query(path: str, query: Mapping[str, str], **changes: object) -> str:
    """A path with a query: empty values are left out, so that addresses stay short."""
    merged = {**query, **{key: str(value) for key, value in changes.items()}}
    text = urlencode({key: value for key, value in merged.items() if value})
    return f"{path}?{text}" if text else path


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PrefixLoader(
            {each.parent.name: jinja2.FileSystemLoader(each) for each in HERE.glob("*/templates")}
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(money=words.money, plural=words.plural, reader=words.reader, day=words.day)
    made.globals.update(
        root=ROOT,
        static=f"{ROOT}/static/{VERSION}",
        at=_time,
        minor=words.minor,
        with_query=with_query,
        badge_of=words.badge,
        hold_words=analytics.hold_words,
    )
    return made


ENVIRONMENT = _environment()


def render(
    ask: Ask, template: str, context: Mapping[str, object], *, toast: Toast | None = None, status: int = 200
) -> Response:
    """The whole page, or its main part for htmx, with what just happened."""
    frame = {} if ask.is_fragment else _frame(ask)
    body = ENVIRONMENT.get_template(template).render(
        **frame,
        **context,
        ask=ask,
        me=ask.principal,
        Permission=Permission,
        toast=toast or _flash(ask),
        cookies=ask.request.cookies,
        is_fragment=ask.is_fragment,
    )
    response = HTMLResponse(
        body, status_code=status, headers={"Cache-Control": "no-store", "Vary": "HX-Request"}
    )
    if "flash" in ask.request.cookies:
        response.delete_cookie("flash", path=ROOT)
    return response


def _flash(ask: Ask) -> Toast | None:
    said = ask.request.cookies.get("flash")
    return Toast(unquote(said)) if said and not ask.is_fragment else None


def _frame(ask: Ask) -> dict[str, object]:
    """What stands around every page: navigation with its counts, and the location of staff."""
    with ask.app.db.read() as tx:
        badges = home.badges(tx, now=ask.now, location_id=ask.location_id)
        bound_to = network.location(tx, location_id=ask.location_id) if ask.location_id else None
        head = home.head(tx)
    return {
        "rail": [item for item in RAIL if ask.principal.can(item.permission)],
        "badges": {
            "orders": badges.attention,
            "fulfillment": badges.late,
            "returns": badges.to_inspect,
            "dead-letters": badges.dead_letters if ask.principal.can(Permission.DEAD_LETTERS_READ) else 0,
        },
        "bound_to": bound_to,
        "head": head,
    }


View = Callable[[Ask, Toast | None, int], Response]


def act(ask: Ask, verb: Callable[[WriteTx], str], *, show: View, back: str) -> Response:
    """Do a verb in one transaction, then show the fresh page with what happened; `verb` returns the sentence.

    What cannot be is told on the fresh page too, with the kind's status, so that a stale click shows what is true.
    """
    try:
        with ask.app.db.write(actor=ask.principal.actor, trace_id=ask.trace_id) as tx:
            said = verb(tx)
    except errors.DoorstepError as problem:
        return show(ask, Toast(problem.message, "danger"), status_of(problem))
    return show(ask, Toast(said), 200) if ask.is_fragment else go(ask, back, said)


def go(ask: Ask, to: str, said: str) -> Response:
    """On to another page, which says what happened."""
    response: Response = RedirectResponse(to, status_code=303)
    if ask.is_fragment:
        response = Response(headers={"HX-Redirect": to})
    response.set_cookie("flash", quote(said), max_age=30, path=ROOT, httponly=True, samesite="lax")
    return response


def status_of(problem: errors.DoorstepError) -> int:
    """The HTTP status of an error's kind."""
    return next(status for kind, status in STATUS.items() if isinstance(problem, kind))


def problem_page(ask: Ask, problem: errors.DoorstepError) -> Response:
    """An error as a page of its own (or a toast, when only a part of a page was asked for)."""
    status = status_of(problem)
    titles = {
        404: "There is nothing here",
        403: "Not allowed",
        409: "Something changed meanwhile",
        503: "Try again in a moment",
    }
    title = titles.get(status, "That did not work")
    return render(ask, "frame/problem.html", {"title": title, "problem": problem}, status=status)


def plain(title: str, message: str, *, status: int) -> Response:
    """An error for somebody who is not signed in, or when nothing else works."""
    body = ENVIRONMENT.get_template("frame/plain.html").render(title=title, message=message)
    return HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
