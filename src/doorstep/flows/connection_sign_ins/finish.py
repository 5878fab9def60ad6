"""The browser comes back from the vendor: check what it brings, fetch tokens for the code, record who connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doorstep.domain.connections import events
from doorstep.domain.connections.actions import feeds
from doorstep.domain.connections.actions import sign_ins as actions
from doorstep.domain.connections.model import Connection, Failure, NotConnected, OtherAccount
from doorstep.domain.connections.ports import BrowserSignIn
from doorstep.flows.connection_sign_ins.start import redirect_uri, way_of
from doorstep.flows.context import Context
from doorstep.kernel import errors, http, log
from doorstep.kernel.db import WriteTx

_LONGEST_SENTENCE = 300
_log = log.get("connections")


@dataclass(frozen=True, slots=True)
class Browser:
    """What came back, in which console session, and whose."""

    query: Mapping[str, str]
    session_digest: str
    actor: str
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class _Return:
    """A return that counts: its state belongs to this connection and this browser, and is used up."""

    context: Context
    browser: Browser
    connection: Connection
    way: BrowserSignIn

    def refused(self, failure: Failure, detail: str = "") -> NotConnected:
        return NotConnected(failure, key=self.connection.key, detail=detail[:_LONGEST_SENTENCE])


def finish(context: Context, browser: Browser) -> Connection:
    """Connect what was started. Raises NotConnected, and leaves the tokens of before in place then."""
    try:
        back = _arrived(context, browser)
        _check(back)
        account = _account(back)
        scopes = _exchanged(back, account)
        _record(back, account, scopes)
    except NotConnected as problem:
        _log.warning("nobody was connected", connection=problem.key, why=problem.failure.value)
        raise
    return back.connection


def _arrived(context: Context, browser: Browser) -> _Return:
    """Use the state up, whatever follows."""
    now = context.clock.now()
    started, failure = context.db.transact(
        lambda tx: actions.use(
            tx, state=browser.query.get("state", ""), session_digest=browser.session_digest, now=now
        ),
        actor=browser.actor,
        trace_id=browser.trace_id,
    )
    if started is None:
        raise NotConnected(failure or Failure.UNKNOWN)
    connection = context.partners.connection(started.connection_id)
    if failure is not None:
        raise NotConnected(failure, key=connection.key)
    try:
        return _Return(context, browser, connection, way_of(context, connection))
    except errors.Refused as problem:
        raise NotConnected(Failure.NOT_READY, key=connection.key, detail=problem.message) from problem


def _check(back: _Return) -> None:
    """Whether the browser comes with a consent, and from the vendor."""
    query, check = back.browser.query, back.way.declared.check
    if refusal := query.get("error", ""):
        failure = Failure.DENIED if refusal == "access_denied" else Failure.VENDOR
        raise back.refused(failure, query.get("error_description", "") or refusal)
    if not query.get(back.way.declared.code):
        raise back.refused(Failure.CODE)
    if check is not None:
        try:
            check(back.way.settings, query)
        except errors.Refused as problem:
            raise back.refused(Failure.FORGED, problem.message) from problem


def _account(back: _Return) -> dict[str, str]:
    """Whose account it is."""
    try:
        return back.way.declared.brought(back.way.settings, back.browser.query)
    except OtherAccount as problem:
        raise back.refused(Failure.ACCOUNT, problem.found) from problem


def _exchanged(back: _Return, account: Mapping[str, str]) -> str:
    """The scopes of the tokens, which are stored sealed."""
    query = back.browser.query
    try:
        return back.way.exchange(
            code=query[back.way.declared.code],
            state=query["state"],
            redirect_uri=redirect_uri(back.context),
            account=account,
        )
    except (http.AuthFailed, errors.Invalid) as problem:
        raise back.refused(Failure.CODE, str(problem.data.get("reason", ""))) from problem
    except (errors.Refused, errors.NotFound, errors.Conflict, errors.Unavailable) as problem:
        raise back.refused(Failure.UNANSWERED, problem.message) from problem


def _record(back: _Return, account: Mapping[str, str], scopes: str) -> None:
    """Write who connected it, and the settings that were blank and are known now; feeds that failed are read now."""
    connection, actor, now = back.connection, back.browser.actor, back.context.clock.now()
    connected = events.Connected(connection.id, connection.key, ", ".join(account.values()), scopes)
    settled = back.way.declared.settled(back.way.settings, account)

    def work(tx: WriteTx) -> None:
        if settled:
            back.context.partners.change(tx, key=connection.key, name=connection.name, settings=settled)
        actions.record(tx, connected=connected, by=actor, at=now)
        feeds.read_failed_now(tx, connection_id=connection.id)

    back.context.db.transact(work, actor=actor, trace_id=back.browser.trace_id)
    back.context.partners.look_again()
    _log.info("connected by signing in", connection=connection.key, by=actor)
