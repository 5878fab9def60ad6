"""The go-live report of a connection: can it be switched on?"""

from __future__ import annotations

from doorstep.domain.connections.model.readiness import Report, ReportLine
from doorstep.flows.context import Context
from doorstep.flows.go_live import access, content, kept_calls, subject
from doorstep.kernel.db import ReadTx


def of(context: Context, tx: ReadTx, *, key: str) -> Report:
    """The report as of now, from what is stored; nobody is called. Raises NotFound."""
    about = subject.of(context, tx, key=key)
    kept = kept_calls.kept(about)
    lines: list[ReportLine] = [
        *access.settings(about),
        *access.twice(about),
        *access.credentials(about),
        access.test(about),
        *access.address(about),
        *access.webhooks(about),
        *content.feeds(about),
        *access.limits(about),
        *content.names(about),
        *content.held(about),
        *content.failures(about),
        *content.stock(about),
        *kept_calls.comparison(about),
        *kept_calls.unsent(about, kept),
    ]
    return Report(lines, kept)
