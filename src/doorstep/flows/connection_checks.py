"""Check connections: on save, once a day, and when a person asks. Missing webhooks are set up at the vendor."""

from __future__ import annotations

from datetime import timedelta

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import checks as actions
from doorstep.domain.connections.model import CheckFinding, Connection, Feature, Mode
from doorstep.domain.connections.views import checks as views
from doorstep.domain.connections.views import sign_ins
from doorstep.flows.context import Context
from doorstep.kernel import errors, log
from doorstep.kernel.message import Listed, Message, written

_EVERY = timedelta(days=1)
_log = log.get("connections")


def check_due(context: Context) -> int:
    """Check the connections that were never checked, have changed, or were last checked a day ago; returns how many."""
    with context.db.read() as tx:
        due = views.due(tx, before=context.clock.now() - _EVERY)
    for connection_id in due:
        try:
            connection = context.partners.connection(connection_id)
        except errors.DoorstepError as problem:
            _log.warning("a connection cannot be checked", connection_id=connection_id, error=problem.message)
        else:
            check(context, connection=connection)
    return len(due)


def check(context: Context, *, connection: Connection, is_asked: bool = False) -> list[CheckFinding]:
    """Check one connection now, outside any transaction, and store what was found.

    `is_asked`: a person wants to know, so a vendor that refused a token is asked again.
    """
    if is_asked:
        context.db.transact(lambda tx: connections.ask_again(tx, connection_id=connection.id), actor="system")
    findings = _sign_in(context, connection)
    if connection.mode is Mode.LIVE and all(each.is_ok for each in findings):
        findings += _webhooks(context, connection)
    findings += _end(context, connection)
    now = context.clock.now()
    context.db.transact(
        lambda tx: actions.record(tx, connection_id=connection.id, findings=findings, at=now),
        actor="system",
    )
    for each in findings:
        if not each.is_ok:
            _log.warning(
                "a check of a connection failed", connection=connection.key, error=each.message.english()
            )
    return findings


def _sign_in(context: Context, connection: Connection) -> list[CheckFinding]:
    if not context.partners.offers(connection.id, Feature.TEST):
        return []
    name = Message("Sign-in")
    try:
        found = context.partners.testable(connection.id).test_connection()
    except errors.DoorstepError as problem:
        return [CheckFinding(name, is_ok=False, message=written(problem.message))]
    return [
        CheckFinding(name, is_ok=True, message=Message("The vendor accepts our credentials.")),
        *found,
    ]


def _end(context: Context, connection: Connection) -> list[CheckFinding]:
    """Whether a sign-in by a person ends soon, where the vendor says when."""
    with context.db.read() as tx:
        row = sign_ins.rows(tx).get(connection.id)
    if row is None or not (row.by_person and row.ends_soon):
        return []
    day = f"{row.refresh_ends_at:%Y-%m-%d}"
    message = Message("The sign-in ends on %(day)s: connect again before.", day=day)
    return [CheckFinding(Message("End of the sign-in"), is_ok=False, message=message)]


def _webhooks(context: Context, connection: Connection) -> list[CheckFinding]:
    can_reach_us = context.public_url.startswith("https://")
    if not can_reach_us or not context.partners.offers(connection.id, Feature.SUBSCRIBE):
        return []
    name = Message("Webhooks")
    address = f"{context.public_url}/hooks/{connection.key}"
    try:
        found = context.partners.subscriptions(connection.id).ensure_subscriptions(address)
    except errors.DoorstepError as problem:
        return [CheckFinding(name, is_ok=False, message=written(problem.message))]
    if found.added:
        message = Message("These were missing and are set up now: %(topics)s.", topics=Listed(found.added))
    else:
        message = Message("All of them are set up.")
    return [CheckFinding(name, is_ok=True, message=message)]
