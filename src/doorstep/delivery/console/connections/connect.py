"""Connect a connection by signing in at the vendor: the button that leads there, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.connections import one
from doorstep.delivery.console.request import ROOT, SESSION_COOKIE, PageRequest
from doorstep.delivery.console.routes import Read, Routes, Verb
from doorstep.domain.connections.model import Failure, NotConnected
from doorstep.domain.identity.model import Permission
from doorstep.flows import connection_checks
from doorstep.flows.connection_sign_ins import finish, start
from doorstep.kernel import errors, secrets
from doorstep.kernel.db import WriteTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m


@dataclass(frozen=True, slots=True)
class Explanation:
    """What went wrong, and what to do. {vendor} stands for its name."""

    what: str
    advice: str


_AGAIN = _m("Choose Connect on the connection's page to try again.")
EXPLANATIONS: Mapping[Failure, Explanation] = {
    Failure.UNKNOWN: Explanation(_m("This sign-in was not started here."), _AGAIN),
    Failure.USED: Explanation(
        _m("This page was opened before, and each sign-in counts once."),
        _m("The connection's page says whether it is connected."),
    ),
    Failure.EXPIRED: Explanation(
        _m("More than ten minutes have passed since the sign-in was started."), _AGAIN
    ),
    Failure.OTHER_SESSION: Explanation(
        _m("The sign-in was started by somebody else, or before you signed in to Doorstep again."), _AGAIN
    ),
    Failure.NOT_READY: Explanation(_m("The connection was changed meanwhile."), _AGAIN),
    Failure.DENIED: Explanation(
        _m("Access was declined at {vendor}."), _m("Connect again, and agree at {vendor}.")
    ),
    Failure.VENDOR: Explanation(_m("{vendor} refused the sign-in."), _AGAIN),
    Failure.FORGED: Explanation(
        _m("It is not certain that {vendor} sent you here."),
        _m("Check the application's secret in the settings, then connect again."),
    ),
    Failure.ACCOUNT: Explanation(
        _m("Another account signed in at {vendor} than the one in the settings."),
        _m("Sign in there with the account of this connection, or correct the settings."),
    ),
    Failure.CODE: Explanation(
        _m("{vendor} gave no access for the code that it sent."),
        _m(
            "A code counts once and for a few minutes. Connect again; if that fails too, check the application's ID and secret."
        ),
    ),
    Failure.UNANSWERED: Explanation(
        _m("{vendor} did not answer as expected."), _m("Wait a moment, then connect again.")
    ),
}


def _session_digest(req: PageRequest) -> str:
    return secrets.digest(req.http.cookies.get(SESSION_COOKIE, ""))


def connect(req: PageRequest) -> Response:
    """Send the browser to the vendor.

    A form that redirects to another site is stopped by our content security policy, so this is a page that goes on by itself.
    """
    connection = one.connection_of(req)

    def work(tx: WriteTx) -> tuple[str, datetime]:
        return start.start(
            req.app.context,
            tx,
            connection=connection,
            session_digest=_session_digest(req),
            by=req.principal.actor,
        )

    try:
        address, _until = req.app.db.transact(work, actor=req.principal.actor, trace_id=req.trace_id)
    except errors.DoorstepError as problem:
        return page.refuse(req, problem, show=one.show)
    if req.is_fragment:
        return Response(headers={"HX-Redirect": address})
    context = {
        "connection": connection,
        "connector": one.connector_of(req, connection),
        "address": address,
        "host": urlsplit(address).hostname,
    }
    return page.render(req, "connections/leave.html", context)


def come_back(req: PageRequest) -> Response:
    """The vendor sent the browser back: connect, test, and show the connection."""
    browser = finish.Browser(req.http.query_params, _session_digest(req), req.principal.actor, req.trace_id)
    try:
        connection = finish.finish(req.app.context, browser)
    except NotConnected as problem:
        return _explained(req, problem)
    fresh = req.app.registry.connection(connection.id)
    findings = connection_checks.check(req.app.context, connection=fresh, is_asked=True)
    vendor = one.connector_of(req, fresh).label
    if all(each.is_ok for each in findings):
        done = _("Connected to {vendor}. The test found no problem.")
    else:
        done = _("Connected to {vendor}, but the test found a problem: see Last test.")
    return page.go(req, f"{ROOT}/connections/{fresh.key}", done.format(vendor=vendor))


def _explained(req: PageRequest, problem: NotConnected) -> Response:
    """Why nobody was connected, and what to do."""
    connection = req.app.registry.by_key(problem.key) if problem.key else None
    vendor = one.connector_of(req, connection).label if connection else _("The vendor")
    explanation = EXPLANATIONS[problem.failure]
    context = {
        "connection": connection,
        "vendor": vendor,
        "what": _(explanation.what).format(vendor=vendor),
        "advice": _(explanation.advice).format(vendor=vendor),
        "detail": problem.detail,
        "kept": one.is_connected(req, connection) if connection else False,
    }
    return page.render(req, "connections/not_connected.html", context, status=page.status_of(problem))


def stranger(_request: Request) -> Response:
    """Nobody is signed in to Doorstep in this browser. The code is not carried through the sign-in page: it is a secret."""
    return page.plain(
        _("Not connected"),
        _(
            "You are not signed in to Doorstep in this browser. Sign in, then connect again. Nothing was changed."
        ),
        status=401,
    )


ROUTES: Routes = (
    Verb("/connections/{key}/connect", connect, Permission.CONNECTIONS_WRITE),
    Read("/connect/callback", come_back, Permission.CONNECTIONS_WRITE, stranger),
)
