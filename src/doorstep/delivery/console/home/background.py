"""Background work on Home: every kind of work with what waits, how fast it goes, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.delivery.console.request import PageRequest
from doorstep.domain.identity.model import Permission
from doorstep.flows import backlog
from doorstep.flows.backlog import Backlog
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import counted, number
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m

NAMES = {
    "inbox": _m("Stored messages"),
    "orders": _m("Orders to check and route"),
    "steps": _m("Steps after events"),
    "labels": _m("Labels"),
    "documents": _m("Invoices and credit notes"),
    "channel_updates": _m("Channel updates"),
    "refunds": _m("Refunds"),
    "feeds": _m("Feeds"),
    "calls": _m("Other calls to partners"),
    "messages": _m("Messages to customers"),
    "files": _m("Files"),
    "simulations": _m("Simulations"),
    "jobs": _m("Periodic jobs"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of work as Home shows it; `oldest_at` is when the oldest item that waits came."""

    name: str
    waiting: int
    oldest_at: datetime | None
    per_minute: str
    problems: str
    needs_person: bool


def lines(req: PageRequest, tx: ReadTx) -> list[Line]:
    """Every kind of work, for users who may see dead letters."""
    if not req.principal.can(Permission.DEAD_LETTERS_READ):
        return []
    return [_line(row, req.now) for row in backlog.every(tx, now=req.now)]


def _line(row: Backlog, now: datetime) -> Line:
    return Line(
        name=_(NAMES[row.name]),
        waiting=row.waiting,
        oldest_at=now - timedelta(seconds=row.oldest_seconds) if row.waiting else None,
        per_minute=number(round(row.done_per_minute)),
        problems=", ".join(_problems(row)),
        needs_person=bool(row.dead or row.in_doubt),
    )


def _problems(row: Backlog) -> list[str]:
    failed = round(row.failed_per_minute)
    words = (
        (row.dead, counted(row.dead, "{n} dead letter", "{n} dead letters")),
        (row.in_doubt, counted(row.in_doubt, "{n} in doubt", "{n} in doubt")),
        (row.retrying, counted(row.retrying, "{n} is retried", "{n} are retried")),
        (failed, counted(failed, "{n} failure per minute", "{n} failures per minute")),
        (row.pending, counted(row.pending, "{n} pending", "{n} pending")),
    )
    return [text for count, text in words if count]
