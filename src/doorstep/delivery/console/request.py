"""One request as a page sees it: the signed-in person, the form and the time; and the checks before a page runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from doorstep.bootstrap import App
from doorstep.delivery.console.forms import FormState
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.model import Permission, Principal
from doorstep.domain.network import views as network
from doorstep.kernel import errors, log, secrets
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import LARGEST_ID, LocationId, whole_number
from doorstep.kernel.rates import Rates

SESSION_COOKIE = "doorstep_session"
ROOT = "/console"
_BURST_SECONDS = 10


class TooManyRequests(errors.Refused):
    """A person or a program in a browser calls more often than it may."""


class ForgedRequest(errors.Refused):
    """A post that did not come from a page of ours."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A signed-in person's request. `now` is business time; `zone` is the person's time zone."""

    http: Request
    app: App
    principal: Principal
    csrf: str
    trace_id: str
    now: datetime
    zone: ZoneInfo
    form: Mapping[str, str]
    uploads: Mapping[str, UploadFile]
    refused: FormState | None = None

    def form_state(self, action: str) -> FormState:
        """The form that posts to an address: as it was sent if it has just been refused, else untouched."""
        if self.refused is not None and self.refused.action == action:
            return self.refused
        return FormState(action)

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for the main part of the page only."""
        return self.http.headers.get("hx-request") == "true"

    @property
    def location_id(self) -> LocationId | None:
        """The only location that this person may see, or None for all."""
        return self.principal.location_id if self.principal.is_bound else None

    def number(self, name: str) -> int:
        """A number in the path; raises NotFound for one that nothing can have."""
        number = int(self.http.path_params[name])
        if number > LARGEST_ID:
            raise errors.NotFound(_("There is nothing with this number."))
        return number

    def query(self, name: str) -> str:
        """A value in the address, empty if absent."""
        return self.http.query_params.get(name, "")

    def whole(self, name: str) -> int | None:
        """A whole number from the form, None if it is left out; raises Invalid with the field's name."""
        text = self.form.get(name, "").strip()
        if not text:
            return None
        number = whole_number(text.removeprefix("-"))
        if number is None:
            raise errors.Invalid(_("Enter a whole number, digits only."), field=name)
        return -number if text.startswith("-") else number


Page = Callable[[PageRequest], Response]


Stranger = Callable[[Request], Response]


def entry(
    app: App, page: Page, *, permission: Permission | None = None, stranger: Stranger | None = None
) -> Callable[[Request], object]:
    """The endpoint of a page: signed in and permitted before the form is read, not forged; it runs in a thread of its own.

    `stranger` answers who is not signed in, instead of the sign-in page.
    """
    rates = _rates(app.settings.requests_per_second)

    def shown(request: Request) -> Response:
        if stranger is not None and who(app, request.cookies.get(SESSION_COOKIE, "")) is None:
            return stranger(request)
        return _identify(app, permission, rates, request) or _answer(page, request, FormData())

    async def endpoint(request: Request) -> Response:
        if request.method != "POST":
            return await run_in_threadpool(shown, request)
        refusal = await run_in_threadpool(_identify, app, permission, rates, request)
        if refusal is not None:
            return refusal
        async with request.form() as form:
            return await run_in_threadpool(_answer, page, request, form)

    return endpoint


@functools.cache
def _rates(per_second: int) -> Rates:
    """One limit for all pages of this process."""
    return Rates(per_second, per_second * _BURST_SECONDS)


def _identify(app: App, permission: Permission | None, rates: Rates, request: Request) -> Response | None:
    """Put the signed-in person's request into the state; the answer, if nobody is signed in or calls too often."""
    token = request.cookies.get(SESSION_COOKIE, "")
    principal = who(app, token)
    if principal is None:
        return _to_login(request)
    trace_id = log.parse_traceparent(request.headers.get("traceparent")) or log.new_trace_id()
    request.state.req = PageRequest(
        http=request,
        app=app,
        principal=principal,
        csrf=csrf_of(app, token),
        trace_id=trace_id,
        now=app.clock.now(),
        zone=zone_of(request),
        form={},
        uploads={},
    )
    if not rates.take(principal.actor):
        raise TooManyRequests(_("Too many requests: wait a moment."))
    if permission is not None:
        principal.require(permission)
    return None


def _answer(page: Page, request: Request, form: FormData) -> Response:
    bare: PageRequest = request.state.req
    with log.traced(bare.trace_id):
        req = replace(
            bare,
            form={name: value for name, value in form.items() if isinstance(value, str)},
            uploads={name: value for name, value in form.items() if isinstance(value, UploadFile)},
        )
        request.state.req = req
        if request.method == "POST":
            _refuse_forgery(req)
        return page(req)


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of ours; without `seconds` it ends with the browser."""

    name: str
    value: str
    seconds: int | None = None


def set_cookie(request: Request, response: Response, app: App, cookie: Cookie) -> None:
    """Set a cookie out of reach of scripts and other sites; over https only, where the request or the public URL is that."""
    secure = app.settings.public_url.startswith("https://") or request.url.scheme == "https"
    response.set_cookie(
        cookie.name,
        cookie.value,
        max_age=cookie.seconds,
        path=ROOT,
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def who(app: App, token: str) -> Principal | None:
    """The person of a session; sessions use the machine's clock, also where the business clock is shifted."""
    if not token:
        return None
    return app.db.transact(
        lambda tx: identity.principal_of_session(tx, token=token, now=app.session_clock.now()), actor="system"
    )


def csrf_of(app: App, token: str) -> str:
    """What every form of this session carries."""
    return app.vault.sign(f"console form {secrets.digest(token)}")


def _refuse_forgery(req: PageRequest) -> None:
    sent = req.form.get("csrf") or req.http.headers.get("x-csrf-token", "")
    if not secrets.constant_time_equal(sent, req.csrf):
        raise ForgedRequest(_("This page was open for too long. Reload it and try again."))


def _to_login(request: Request) -> Response:
    wanted = request.url.path if request.method == "GET" else ROOT
    if request.method == "GET" and request.url.query:
        wanted += f"?{request.url.query}"
    target = f"{ROOT}/login?next={quote(wanted)}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def zone_of(request: Request) -> ZoneInfo:
    """The time zone of the browser, else UTC."""
    try:
        return ZoneInfo(request.cookies.get("zone", "UTC").replace("%2F", "/"))
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def here(req: PageRequest, location_id: int) -> LocationId:
    """A location that this person may see; raises NotAllowed or NotFound."""
    found = LocationId(location_id)
    req.principal.require(Permission.FULFILLMENT_READ, at=found)
    with req.app.db.read() as tx:
        network.location(tx, location_id=found)
    return found
