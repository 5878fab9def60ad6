"""Lines about settings, credentials, tests, addresses and limits: whether the connection can be used at all."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from doorstep.domain.connections.model import Feature, Mode
from doorstep.domain.connections.model.readiness import (
    TESTED_WITHIN,
    ReportLine,
    Topic,
    attention,
    blocked,
    ready,
)
from doorstep.domain.connections.views import checks, readiness, sign_ins
from doorstep.flows.connection_sign_ins import start
from doorstep.flows.go_live.subject import Subject
from doorstep.kernel.i18n import plural
from doorstep.kernel.message import Counted, Listed, Message, written

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_OPENS_CIRCUIT = 5


def settings(subject: Subject) -> Iterator[ReportLine]:
    """Settings are complete, secrets strong. What cannot be opened, or verifies nothing, would lose what comes."""
    edit, prefix = f"{subject.path}/edit", f"{subject.row.key}."
    found = [
        each
        for each in subject.context.partners.findings(production=True)
        if each.name == subject.row.key or each.name.rpartition(".")[0] + "." == prefix
    ]
    for each in found:
        if each.status == "fail":
            yield blocked(Topic.SETTINGS, written(each.advice), edit, is_certain=True)
        else:
            yield attention(Topic.SETTINGS, written(each.advice), edit)
    if not found:
        yield ready(Topic.SETTINGS, Message("Settings are complete, and secrets are strong."), edit)


def credentials(subject: Subject) -> Iterator[ReportLine]:
    """Whether the vendor takes our credentials as far as is known, and when somebody must connect again."""
    row = sign_ins.rows(subject.tx).get(subject.row.id)
    mine = subject.opened
    state = start.state(subject.context, subject.tx, connection=mine) if mine is not None else None
    if row is not None and row.error:
        why = Message("The vendor gives no token: %(error)s", error=written(row.error))
        yield blocked(Topic.CREDENTIALS, why, subject.path)
    elif state is not None and state.needs_person:
        why = Message("Nobody is connected at the vendor: choose Connect.")
        yield blocked(Topic.CREDENTIALS, why, subject.path, state.ends_at)
    elif row is not None and row.by_person and row.refresh_ends_at:
        if row.ends_soon:
            why = Message("The sign-in ends soon: connect again before then.")
            yield attention(Topic.CREDENTIALS, why, subject.path, row.refresh_ends_at)
        else:
            why = Message("Somebody has connected; the sign-in ends then.")
            yield ready(Topic.CREDENTIALS, why, subject.path, row.refresh_ends_at)
    elif row is not None:
        why = Message("The access token is renewed by itself before it ends.")
        yield ready(Topic.CREDENTIALS, why, at=row.expires_at)
    else:
        yield ready(Topic.CREDENTIALS, Message("The credentials are those of the settings."))


def test(subject: Subject) -> ReportLine:
    """What the last test found, and how old it is."""
    last = checks.latest(subject.tx).get(subject.row.id)
    if last is None:
        why = Message("It is not tested yet: a worker tests it within a minute, or choose Test connection.")
        return attention(Topic.TEST, why, subject.path)
    wrong = tuple(each.message for each in last.findings if not each.is_ok)
    if wrong:
        failed = Message("The test failed: %(problems)s", problems=Listed(wrong, "sentences"))
        return blocked(Topic.TEST, failed, subject.path, last.checked_at)
    if subject.now - last.checked_at > TESTED_WITHIN:
        return attention(
            Topic.TEST, Message("The last test is old: test it again."), subject.path, last.checked_at
        )
    if not last.findings:
        return ready(Topic.TEST, Message("There is nothing to test: nobody is called."), at=last.checked_at)
    return ready(Topic.TEST, Message("The last test found no problem."), at=last.checked_at)


def address(subject: Subject) -> Iterator[ReportLine]:
    """Whether the vendor can reach us, where it sends webhooks. Without feeds, nothing else brings its messages."""
    if not subject.does(Feature.INBOUND):
        return
    url = urlsplit(subject.context.public_url)
    if url.scheme == "https":
        yield ready(Topic.ADDRESS, Message("Webhooks come to %(url)s over https.", url=url.geturl()))
    elif url.hostname in _LOOPBACK:
        why = Message("Only this machine can reach %(url)s: set DOORSTEP_PUBLIC_URL.", url=url.geturl())
        yield attention(Topic.ADDRESS, why)
    else:
        why = Message(
            "Most vendors send webhooks over https only, and %(url)s is not: put a proxy in front.",
            url=url.geturl(),
        )
        yield blocked(Topic.ADDRESS, why)


def webhooks(subject: Subject) -> Iterator[ReportLine]:
    """Whether webhooks are set up at the vendor, and when the last message of each topic came."""
    topics = readiness.topics(subject.tx, connection_id=subject.row.id)
    messages = f"{subject.path}/messages"
    for each in topics:
        why = Message("The last message of the topic %(topic)s came.", topic=each.topic or "–")
        yield ready(Topic.WEBHOOKS, why, messages, each.received_at)
    if not topics and subject.does(Feature.INBOUND):
        yield attention(Topic.WEBHOOKS, Message("No webhook has come yet."), messages)
    if subject.does(Feature.SUBSCRIBE) and subject.row.mode != Mode.LIVE:
        yield ready(
            Topic.WEBHOOKS,
            Message("Missing webhooks are set up at the vendor within a minute of going live."),
        )


def limits(subject: Subject) -> Iterator[ReportLine]:
    """Whether calls are held back now, by the vendor's limits or because they fail."""
    failures = readiness.failures_in_a_row(subject.tx, connection_key=subject.row.key)
    until = readiness.paused_until(subject.tx, connection_key=subject.row.key)
    if failures >= _OPENS_CIRCUIT:
        calls = Counted(failures, plural("{n} call", "{n} calls"))
        why = Message("The partner does not answer: %(calls)s failed in a row.", calls=calls)
        yield blocked(Topic.LIMITS, why, subject.path)
    elif until is not None:
        why = Message("The partner asks to wait: its limit is used up.")
        yield attention(Topic.LIMITS, why, subject.path, until)
    else:
        yield ready(Topic.LIMITS, Message("No limit is used up, and the partner answers."))


def twice(subject: Subject) -> Iterator[ReportLine]:
    """Whether another live connection has the very same account: everything would come and go twice."""
    mine = subject.opened
    if mine is None or not mine.settings:
        return
    for each in subject.context.partners.of_kind(mine.kind):
        same = each.connector_id == mine.connector_id and dict(each.settings) == dict(mine.settings)
        if each.id != mine.id and each.mode is Mode.LIVE and same:
            why = Message(
                "%(key)s is live with the same account: everything would be done twice. Switch it off first.",
                key=each.key,
            )
            yield blocked(Topic.TWICE, why, f"/connections/{each.key}", is_certain=True)
