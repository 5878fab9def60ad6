"""Sign in and out."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from doorstep.bootstrap import App
from doorstep.delivery.console.page import ENVIRONMENT
from doorstep.delivery.console.request import ROOT, SESSION_COOKIE, Cookie, PageRequest, set_cookie, who
from doorstep.delivery.console.routes import Routes, Verb
from doorstep.domain.identity import actions as identity
from doorstep.kernel import errors, secrets
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.rates import Rates

TRY_COOKIE = "doorstep_login"
DEVICE_COOKIE = "doorstep_device"
_DEVICE_SECONDS = 180 * 24 * 3600
_BURST_SECONDS = 10
_LONGEST_EMAIL = 320
_TRY = re.compile(r"try_[\w-]{1,64}")
WRONG = _m("The e-mail address or the password is wrong. Check both and try again.")


def safe_next(wanted: str) -> str:
    """Where to go after signing in: a page of ours, never another site."""
    parts = urlsplit(wanted)
    ours = not parts.scheme and not parts.netloc and (wanted == ROOT or wanted.startswith(f"{ROOT}/"))
    return wanted if ours and "\\" not in wanted else f"{ROOT}/"


def _form(app: App, request: Request, *, email: str = "", problem: str = "", status: int = 200) -> Response:
    known = request.cookies.get(TRY_COOKIE, "")
    token = known if _TRY.fullmatch(known) else secrets.new_token("try")[0]
    wanted = safe_next(request.query_params.get("next", ROOT))
    body = ENVIRONMENT.get_template("sign_in/login.html").render(
        email=email, problem=problem, csrf=app.vault.sign(f"console login {token}"), next=wanted
    )
    response = HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
    set_cookie(request, response, app, Cookie(TRY_COOKIE, token))
    return response


async def show(app: App, request: Request) -> Response:
    """The form, or the console for a person who is signed in already."""
    if await run_in_threadpool(who, app, request.cookies.get(SESSION_COOKIE, "")):
        return RedirectResponse(safe_next(request.query_params.get("next", ROOT)), status_code=303)
    return _form(app, request)


class SignInPage:
    """Checks what was typed. Wrong tries are limited per client address here, and per user in the database."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._wrong = Rates(
            app.settings.strangers_per_second, app.settings.strangers_per_second * _BURST_SECONDS
        )

    async def submit(self, request: Request) -> Response:
        """Sign in; the address stays in the form when it was wrong."""
        app, address = self._app, request.client.host if request.client else ""
        form = await request.form()
        email = str(form.get("email", ""))[:_LONGEST_EMAIL]
        expected = app.vault.sign(f"console login {request.cookies.get(TRY_COOKIE, '')}")
        if not secrets.constant_time_equal(str(form.get("csrf", "")), expected):
            problem = _("The page was open for too long. Try again.")
            return _form(app, request, email=email, problem=problem, status=403)
        if self._wrong.is_exhausted(address):
            problem = _("Too many wrong sign-ins from this network. Wait a moment.")
            return _form(app, request, email=email, problem=problem, status=429)
        device = _device_of(app, request, email)
        attempt = identity.SignIn(email, str(form.get("password", "")), address, device)
        try:
            token = await run_in_threadpool(_sign_in, app, attempt)
        except errors.Refused as refused:
            return _form(app, request, email=email, problem=refused.message, status=429)
        if token is None:
            self._wrong.take(address)
            return _form(app, request, email=email, problem=_(WRONG), status=401)
        response = RedirectResponse(safe_next(str(form.get("next", ""))), status_code=303)
        set_cookie(request, response, app, Cookie(SESSION_COOKIE, token))
        mark = device or secrets.new_token("device")[0]
        set_cookie(request, response, app, Cookie(DEVICE_COOKIE, _marked(app, email, mark), _DEVICE_SECONDS))
        response.delete_cookie(TRY_COOKIE, path=ROOT)
        return response


def _device_of(app: App, request: Request, email: str) -> str:
    """The mark of a browser in which this user signed in before; empty for any other."""
    mark, _dot, _signature = request.cookies.get(DEVICE_COOKIE, "").rpartition(".")
    known = request.cookies.get(DEVICE_COOKIE, "")
    return mark if mark and secrets.constant_time_equal(known, _marked(app, email, mark)) else ""


def _marked(app: App, email: str, mark: str) -> str:
    """A device's mark with a signature that belongs to the user's address."""
    return f"{mark}.{app.vault.sign(f'console device {email.strip().lower()} {mark}')}"


def _sign_in(app: App, attempt: identity.SignIn) -> str | None:
    return app.db.transact(
        lambda tx: identity.sign_in(tx, attempt=attempt, now=app.session_clock.now()), actor="system"
    )


def sign_out(req: PageRequest) -> Response:
    """End this browser's session."""
    req.app.db.transact(
        lambda tx: identity.sign_out(tx, token=req.http.cookies.get(SESSION_COOKIE, "")),
        actor=req.principal.actor,
        trace_id=req.trace_id,
    )
    response = RedirectResponse(f"{ROOT}/login", status_code=303)
    response.delete_cookie(SESSION_COOKIE, path=ROOT)
    return response


ROUTES: Routes = (Verb("/logout", sign_out),)
