"""Fetch the resources that hints name. What comes is stored in the inbox; what fails for good is a dead message there."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Sequence

from doorstep.domain.connections.actions import feeds as actions
from doorstep.domain.connections.actions.feeds import Fetch
from doorstep.domain.connections.model import Connection
from doorstep.flows.context import Context
from doorstep.kernel import errors, jobs, log
from doorstep.kernel.db import WriteTx

_AT_ONCE = 10
_TURN_SECONDS = 20.0


def fetch(
    context: Context, *, connection: Connection, feed: str, leased: Sequence[Fetch], policy: jobs.RetryPolicy
) -> None:
    """Fetch a few at a time and store each few: what was fetched stays, whatever becomes of the rest.

    What there is no time for is given back: a lease must not end while a vendor with a low rate still answers.
    """
    ends_at = time.monotonic() + _TURN_SECONDS
    for start in range(0, len(leased), _AT_ONCE):
        rest = leased[start:]
        if time.monotonic() > ends_at:
            context.db.transact(functools.partial(actions.give_back, leased=rest), actor="system")
            return
        try:
            _fetch(context, connection, feed, rest[:_AT_ONCE], policy)
        except errors.Unavailable as problem:
            fail(context, leased=rest, problem=problem, policy=policy)
            return


def _fetch(
    context: Context, connection: Connection, feed: str, leased: Sequence[Fetch], policy: jobs.RetryPolicy
) -> None:
    """Fetch all of these at once; if the vendor refuses, one by one, so that one bad resource does not hold the others."""
    try:
        documents = context.partners.fetcher(connection.id).fetch(feed, [each.external_id for each in leased])
    except errors.Unavailable:
        raise
    except errors.DoorstepError as problem:
        if len(leased) == 1:
            fail(context, leased=leased, problem=problem, policy=policy)
            return
        for each in leased:
            _fetch(context, connection, feed, [each], policy)
        return
    trace_id = log.new_trace_id()
    context.db.transact(
        lambda tx: actions.store_fetched(tx, done=leased, documents=documents, trace_id=trace_id),
        actor=f"connection:{connection.key}",
    )


def fail(context: Context, *, leased: Sequence[Fetch], problem: Exception, policy: jobs.RetryPolicy) -> None:
    """Postpone these fetches, or make them dead messages of the inbox."""

    def work(tx: WriteTx) -> None:
        for each in leased:
            failure = policy.failure(problem, attempts=each.attempts, jitter=random.random())  # noqa: S311 - spreads retries
            actions.fail_fetch(tx, fetch=each, failure=failure, trace_id=log.new_trace_id())

    context.db.transact(work, actor="system")
