"""Render pages, or their main part for htmx; run verbs and show what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from doorstep.delivery.console import assets, badges, formats, forms, labels, navigation
from doorstep.delivery.console.components import library
from doorstep.delivery.console.forms import FormState
from doorstep.delivery.console.request import (
    ROOT,
    Cookie,
    ForgedRequest,
    PageRequest,
    TooManyRequests,
    set_cookie,
)
from doorstep.domain.analytics import model as analytics
from doorstep.domain.analytics.views import home
from doorstep.domain.identity.model import NotAllowed, Permission
from doorstep.domain.network import views as network
from doorstep.kernel import errors, i18n, localized
from doorstep.kernel.db import WriteTx
from doorstep.kernel.i18n import gettext as _

_LONGEST_FLASH = 300
# The first kind that fits counts: NotAllowed and a forged form are Refused too.
STATUS: tuple[tuple[type[errors.DoorstepError], int], ...] = (
    (NotAllowed, 403),
    (ForgedRequest, 403),
    (TooManyRequests, 429),
    (errors.Invalid, 422),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Refused, 409),
    (errors.Unavailable, 503),
)


class Html(HTMLResponse):
    """A page of which half of a surrogate pair, which partners can send in JSON, is shown as a question mark."""

    def render(self, content: str) -> bytes:
        """The bytes of the page."""
        return content.encode(self.charset, errors="replace")


@dataclass(frozen=True, slots=True)
class Toast:
    """What happened, in a sentence; danger stays until it is dismissed."""

    text: str
    meaning: str = "success"


def _time(req: PageRequest, at: datetime | None, *, zone: str = "", relative: bool = True) -> Markup:
    """A moment: how long ago, with the exact time (and its zone, where it is not the reader's) on hover."""
    if at is None:
        return Markup("–")
    where = ZoneInfo(zone) if zone else req.zone
    exact = formats.moment(at, where)
    if not same_clock(where, req.zone, at):
        exact = _("{moment} {place} time").format(moment=exact, place=formats.place_of(where))
    text = formats.ago(at, req.now) if relative else exact
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, text)


def same_clock(one: ZoneInfo, other: ZoneInfo, at: datetime) -> bool:
    """Whether two zones' clocks show the same then (a zone may have several names)."""
    return at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset()


def with_query(path: str, query: Mapping[str, str], **changes: object) -> str:
    """A path with a query: empty values are left out, so that addresses stay short."""
    merged = {**query, **{key: str(value) for key, value in changes.items()}}
    text = urlencode({key: value for key, value in merged.items() if value})
    return f"{path}?{text}" if text else path


def without(path: str, query: Mapping[str, str], name: str) -> str:
    """A path with a query, less one of its values."""
    return with_query(path, {key: value for key, value in query.items() if key != name})


def person_of(actor: str, names: Mapping[str, str]) -> str:
    """Who did something, by name where it is known."""
    kind, _colon, rest = actor.partition(":")
    kinds = {"system": "Doorstep", "user": _("A user"), "api": _("API client")}
    return names.get(actor) or kinds.get(kind) or rest or actor


def event_details(event: analytics.TimelineEntry) -> dict[str, str]:
    """The data of an event as words, by key."""
    head = {"type": event.type, "at": event.at.isoformat(), "actor": event.actor, "trace": event.trace_id}
    return {key: _detail(key, value) or "–" for key, value in {**head, **event.data}.items()}


def _detail(key: str, value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_detail(name, each)}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_detail(key, each) for each in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = "" if value is None else str(value)
    return _(analytics.hold_label(text)) if key == "reasons" else text


def options_of(rows: Iterable[object], value: str, word: str, blank: str = "") -> list[tuple[str, str]]:
    """Options of a select from rows: an attribute as value, another as word; `blank` stands first."""
    found = [(str(getattr(row, value)), str(getattr(row, word))) for row in rows]
    return [("", blank), *found] if blank else found


def _environment() -> jinja2.Environment:
    folders = {each.parent.name: jinja2.FileSystemLoader(each) for each in assets.HERE.glob("*/templates")}
    made = jinja2.Environment(
        loader=jinja2.PrefixLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        money=localized.money,
        handler=formats.handler,
        day=localized.day,
        weekday=localized.weekday,
        number=formats.number,
        change=formats.change,
        role=lambda role: i18n.gettext(navigation.ROLES[role][0]),
    )
    made.globals.update(
        root=ROOT,
        static=f"{ROOT}/static/{assets.VERSION}",
        minor=formats.minor,
        percent_change=formats.percent_change,
        with_query=with_query,
        without=without,
        _=i18n.translate,
        language=i18n.language,
        counted=i18n.counted,
        options_of=options_of,
        badge_of=badges.badge,
        label_of=badges.label,
        word_of=labels.label,
        document_words=labels.document,
        shift_units=labels.shift_units,
        time_left_badge=badges.time_left,
        person_of=person_of,
        hold_words=lambda reason: i18n.gettext(analytics.hold_label(reason)),
        event_words=lambda event, names: analytics.describe(
            event.type, event.data, i18n.gettext, names, formats.minor
        ),
        event_details=event_details,
        Permission=Permission,
        ORDER_STEPS=navigation.ORDER_STEPS,
        PICKUP_STEPS=navigation.PICKUP_STEPS,
    )
    made.globals["ui"] = library.load(made)
    return made


ENVIRONMENT = _environment()


def render(
    req: PageRequest,
    template: str,
    context: Mapping[str, object],
    *,
    toast: Toast | None = None,
    status: int = 200,
) -> Response:
    """The whole page, or its main part for htmx, with what just happened."""
    frame = {} if req.is_fragment else _frame(req)
    body = ENVIRONMENT.get_template(template).render(
        **frame,
        **context,
        req=req,
        at=partial(_time, req),
        me=req.principal,
        toast=toast or _flash(req),
        cookies=req.http.cookies,
        is_fragment=req.is_fragment,
    )
    response = Html(body, status_code=status, headers={"Cache-Control": "no-store", "Vary": "HX-Request"})
    if "flash" in req.http.cookies:
        response.delete_cookie("flash", path=ROOT)
    return response


def _flash(req: PageRequest) -> Toast | None:
    kept = req.http.cookies.get("flash")
    return Toast(unquote(kept)) if kept and not req.is_fragment else None


def _frame(req: PageRequest) -> dict[str, object]:
    """What stands around every page: navigation with its counts, and the location of staff."""
    with req.app.db.read() as tx:
        badges_now = home.badges(tx, now=req.now, location_id=req.location_id)
        bound_to = network.location(tx, location_id=req.location_id) if req.location_id else None
        head = home.head(tx)
    may_see_letters = req.principal.can(Permission.DEAD_LETTERS_READ)
    return {
        "rail": [item for item in navigation.RAIL if req.principal.can(item.permission)],
        "badges": {
            "orders": badges_now.attention,
            "fulfillment": badges_now.late,
            "returns": badges_now.to_inspect,
            "dead-letters": badges_now.dead_letters if may_see_letters else 0,
        },
        "bound_to": bound_to,
        "head": head,
        "script_words": navigation.script_words(),
    }


View = Callable[[PageRequest, Toast | None, int], Response]


def act(req: PageRequest, verb: Callable[[WriteTx], str], *, show: View, back: str) -> Response:
    """Run a verb in one transaction, then show the fresh page with its sentence.

    A refused verb shows the fresh page too, with the kind's status: its form keeps what was typed, with the error
    at the field; where no form shows it, it is a toast.
    """
    try:
        done = req.app.db.transact(verb, actor=req.principal.actor, trace_id=req.trace_id)
    except errors.DoorstepError as problem:
        return refuse(req, problem, show=show)
    return show(req, Toast(done), 200) if req.is_fragment else go(req, back, done)


def refuse(req: PageRequest, problem: errors.DoorstepError, *, show: View) -> Response:
    """The page of a form again, with what is wrong."""
    state = forms.failed(req.http.url.path, req.form, problem)
    return show(replace(req, refused=state), Toast(problem.message, "danger"), status_of(problem))


def keeping(req: PageRequest) -> PageRequest:
    """The request with its form as it was sent, for a page that shows a preview of it."""
    return replace(req, refused=FormState(req.http.url.path, req.form, is_failed=True))


def go(req: PageRequest, to: str, done: str) -> Response:
    """On to another page, which says what happened."""
    response: Response = RedirectResponse(to, status_code=303)
    if req.is_fragment:
        response = Response(headers={"HX-Redirect": to})
    shown = done if len(done) <= _LONGEST_FLASH else f"{done[:_LONGEST_FLASH]}…"  # headers have a limit
    set_cookie(req.http, response, req.app, Cookie("flash", quote(shown), seconds=30))
    return response


def status_of(problem: errors.DoorstepError) -> int:
    """The HTTP status of an error's kind."""
    return next(status for kind, status in STATUS if isinstance(problem, kind))


def problem_page(req: PageRequest, problem: errors.DoorstepError) -> Response:
    """An error as a page of its own (or a toast, when only a part of a page was wanted)."""
    status = status_of(problem)
    titles = {
        404: _("Not found"),
        403: _("Not allowed"),
        409: _("Someone else changed this"),
        503: _("Try again in a moment"),
    }
    title = titles.get(status, _("The action failed"))
    context = {"title": title, "problem": problem, "status": status}
    return render(req, "frame/problem.html", context, status=status)


def plain(title: str, message: str, *, status: int) -> Response:
    """An error for somebody who is not signed in, or when nothing else works."""
    body = ENVIRONMENT.get_template("frame/plain.html").render(title=title, message=message)
    return Html(body, status_code=status, headers={"Cache-Control": "no-store"})
