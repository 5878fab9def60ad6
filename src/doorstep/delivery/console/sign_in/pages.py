"""Sign in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from doorstep.bootstrap import App
from doorstep.delivery.console.page import ENVIRONMENT
from doorstep.delivery.console.request import ROOT, SESSION_COOKIE, PageRequest, who
from doorstep.delivery.console.routes import Routes, Verb
from doorstep.domain.identity import actions as identity
from doorstep.kernel import errors, secrets
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

TRY_COOKIE = "doorstep_login"
WRONG = _m("The e-mail address or the password is wrong. Check both and try again.")


def safe_next(wanted: str) -> str:
    """Where to go after signing in: a page of ours, never another site."""
    parts = urlsplit(wanted)
    ours = not parts.scheme and not parts.netloc and (wanted == ROOT or wanted.startswith(f"{ROOT}/"))
    return wanted if ours and "\\" not in wanted else f"{ROOT}/"


def _form(app: App, request: Request, *, email: str = "", problem: str = "", status: int = 200) -> Response:
    token = request.cookies.get(TRY_COOKIE) or secrets.new_token("try")[0]
    wanted = safe_next(request.query_params.get("next", ROOT))
    body = ENVIRONMENT.get_template("sign_in/login.html").render(
        email=email, problem=problem, csrf=app.vault.sign(f"console login {token}"), next=wanted
    )
    response = HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
    _set_cookie(app, response, TRY_COOKIE, token)
    return response


def _set_cookie(app: App, response: Response, name: str, value: str) -> None:
    secure = app.settings.public_url.startswith("https://")
    response.set_cookie(name, value, path=ROOT, httponly=True, samesite="lax", secure=secure)


async def show(app: App, request: Request) -> Response:
    """The form, or the console for a person who is signed in already."""
    if await run_in_threadpool(who, app, request.cookies.get(SESSION_COOKIE, "")):
        return RedirectResponse(safe_next(request.query_params.get("next", ROOT)), status_code=303)
    return _form(app, request)


async def submit(app: App, request: Request) -> Response:
    """Check what was typed; the address stays in the form when it was wrong."""
    form = await request.form()
    email, password = str(form.get("email", "")), str(form.get("password", ""))
    expected = app.vault.sign(f"console login {request.cookies.get(TRY_COOKIE, '')}")
    if not secrets.constant_time_equal(str(form.get("csrf", "")), expected):
        return _form(
            app, request, email=email, problem=_("The page was open for too long. Try again."), status=403
        )
    try:
        token = await run_in_threadpool(_sign_in, app, email, password)
    except errors.Refused as refused:
        return _form(app, request, email=email, problem=refused.message, status=429)
    if token is None:
        return _form(app, request, email=email, problem=_(WRONG), status=401)
    response = RedirectResponse(safe_next(str(form.get("next", ""))), status_code=303)
    _set_cookie(app, response, SESSION_COOKIE, token)
    response.delete_cookie(TRY_COOKIE, path=ROOT)
    return response


def _sign_in(app: App, email: str, password: str) -> str | None:
    with app.db.write(actor="system") as tx:
        return identity.sign_in(tx, email=email, password=password, now=app.session_clock.now())


def sign_out(req: PageRequest) -> Response:
    """End this browser's session."""
    with req.app.db.write(actor=req.principal.actor, trace_id=req.trace_id) as tx:
        identity.sign_out(tx, token=req.http.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse(f"{ROOT}/login", status_code=303)
    response.delete_cookie(SESSION_COOKIE, path=ROOT)
    return response


ROUTES: Routes = (Verb("/logout", sign_out),)
