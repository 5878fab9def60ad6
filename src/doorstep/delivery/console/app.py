"""The console as an application of its own: routes of all areas, security headers, error pages."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doorstep.bootstrap import App
from doorstep.delivery.console import (
    assets,
    availability_rules,
    connections,
    counts,
    dead_letters,
    files,
    fulfillment,
    gallery,
    home,
    inventory,
    lab,
    network,
    orders,
    page,
    receiving,
    replenishment,
    returns,
    routing,
    settings,
    sign_in,
    supplies,
    transfers,
)
from doorstep.delivery.console.request import ROOT, PageRequest, entry
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.kernel import errors, log
from doorstep.kernel.i18n import gettext as _

_log = log.get(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# Each area declares its own pages and verbs.
AREAS = (
    home,
    sign_in,
    orders,
    fulfillment,
    network,
    inventory,
    availability_rules,
    supplies,
    transfers,
    receiving,
    counts,
    replenishment,
    files,
    returns,
    routing,
    lab,
    connections,
    dead_letters,
    settings,
    gallery,
)
ROUTES: Routes = tuple(route for area in AREAS for route in area.ROUTES)
_PAGE_PATHS = {each.path for each in ROUTES if isinstance(each, Read)}


def routes(app: App) -> list[BaseRoute]:
    """What the web process adds: the console at /console, with its security headers."""
    return [
        Route(ROOT, lambda _request: RedirectResponse(f"{ROOT}/", status_code=303), methods=["GET"]),
        Mount(ROOT, SecurityHeaders(create(app))),
    ]


def create(app: App) -> Starlette:
    """The console as an application, to be mounted at /console."""
    handlers = {
        errors.DoorstepError: _expected,
        HTTPException: _refused_by_framework,
        RecursionError: _nested_too_deeply,
        ClientDisconnect: _gone,
        Exception: _unexpected,
    }
    return Starlette(routes=_pages(app), exception_handlers=handlers)


def _pages(app: App) -> list[BaseRoute]:
    """Every page and verb, below the place where the console is mounted."""
    found: list[BaseRoute] = [
        Route("/login", partial(sign_in.pages.show, app), methods=["GET"]),
        Route("/login", sign_in.pages.SignInPage(app).submit, methods=["POST"]),
        *assets.routes(),
    ]
    # A verb's address, loaded again after its page was replaced, is the page it stands on. These come first, because the
    # key of a page may be a whole path.
    verbs = [each.path for each in ROUTES if isinstance(each, Verb)]
    found += [Route(path, partial(_up, steps=_steps_up(path)), methods=["GET"]) for path in verbs]
    found += [
        Route(
            each.path,
            entry(app, each.page, permission=each.permission, stranger=each.stranger),
            methods=[each.method],
        )
        for each in ROUTES
    ]
    return found


def _steps_up(path: str) -> int:
    """How many parts of a verb's address come after the page it stands on."""
    above, steps = path, 0
    while above and above not in _PAGE_PATHS:
        above, steps = above.rpartition("/")[0], steps + 1
    return steps


async def _up(request: Request, *, steps: int) -> Response:
    return RedirectResponse(request.url.path.rsplit("/", steps)[0], status_code=303)


class SecurityHeaders:
    """Puts the headers on every answer, errors and files too."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self.inner(scope, receive, with_headers)


async def _expected(request: Request, problem: Exception) -> Response:
    req: PageRequest | None = getattr(request.state, "req", None)
    if not isinstance(problem, errors.DoorstepError):
        raise problem
    if req is None:
        return page.plain(_("Try again in a moment"), problem.message, status=page.status_of(problem))
    return await run_in_threadpool(page.problem_page, req, problem)


async def _refused_by_framework(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    if status == HTTPStatus.NOT_FOUND:
        message = _("Check the address, or start at the console's home page.")
        return page.plain(_("Page not found"), message, status=status)
    messages = {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("This is too large. Send less at once."),
        HTTPStatus.REQUEST_TIMEOUT: _("This came too slowly. Try again."),
    }
    message = messages.get(HTTPStatus(status), _("Go back and try again."))
    return page.plain(_("The action failed"), message, status=status)


async def _nested_too_deeply(request: Request, problem: Exception) -> Response:
    return page.plain(_("The action failed"), _("The document is nested too deeply."), status=422)


async def _gone(request: Request, problem: Exception) -> Response:
    """The browser left before its form had arrived: nothing was done, and nobody reads the answer."""
    return Response(status_code=400)


async def _unexpected(request: Request, problem: Exception) -> Response:
    req: PageRequest | None = getattr(request.state, "req", None)
    trace = req.trace_id if req else "none"
    _log.error("console page failed", path=request.url.path, trace_id=trace, exc_info=problem)
    message = _(
        "Doorstep had an internal error. Nothing was changed. Try again; if it happens again, report the trace ID {trace}."
    )
    return page.plain(_("Something went wrong"), message.format(trace=trace), status=500)
