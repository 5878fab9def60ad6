"""Find gaps: compare complete hours at the vendor with what is stored, and have what is missing fetched."""

from __future__ import annotations

import functools

from doorstep.domain.connections.actions import feeds as actions
from doorstep.domain.connections.model import Connection, Feed, Reading, feeds
from doorstep.flows.context import Context
from doorstep.kernel import errors, log

_HOURS_AT_ONCE = 6
_log = log.get("feeds")


def compare(context: Context, *, connection: Connection, feed: Feed, reading: Reading) -> None:
    """Compare the hours that have not been compared yet. A failure waits for the next time."""
    since = reading.reconciled_until or reading.watermark_at
    for hour in feeds.hour_buckets(since, now=context.clock.now(), at_most=_HOURS_AT_ONCE):
        try:
            listed = context.partners.lister(connection.id).list_documents(feed.name, hour)
        except errors.DoorstepError as problem:
            _log.warning("a feed could not be compared", connection=connection.key, error=problem.message)
            return
        work = functools.partial(actions.reconcile, reading=reading, hour=hour, listed=listed)
        missing = context.db.transact(work, actor=f"connection:{connection.key}")
        if missing:
            _log.warning("a feed had gaps", connection=connection.key, hour=str(hour.since), missing=missing)
