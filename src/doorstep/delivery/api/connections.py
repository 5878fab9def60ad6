"""Connections: their mode and health, and the calls that were not sent in shadow mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.analytics.views import health
from doorstep.domain.identity.model import Permission
from doorstep.flows import operations
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Connections"])


class ConnectionState(BaseModel):
    """A connection. `unsent` calls were only logged in shadow mode; `dead` messages failed for good."""

    key: str
    kind: str
    connector: str
    name: str
    mode: str
    changed_at: datetime
    last_received_at: datetime | None
    received_today: int
    waiting: int
    dead: int
    unsent: int


class UnsentCall(BaseModel):
    """A call that was not made: the handler, the event that caused it and its subject, and what would have been sent."""

    id: int
    handler: str
    subject: str
    subject_id: int
    event: str
    occurred_at: datetime
    would_send: dict[str, str]


class CallsEnded(BaseModel):
    """How many calls are made now, or were dropped."""

    calls: int


def _unsent(call: jobs.Shadowed) -> UnsentCall:
    return UnsentCall(
        id=call.id,
        handler=call.subscriber,
        subject=call.stream,
        subject_id=call.key,
        event=call.event_type,
        occurred_at=call.occurred_at,
        would_send={name: jobs.plain(value) for name, value in call.would_send.items()},
    )


@router.get("/connections")
def list_connections(calling: Calling) -> list[ConnectionState]:
    """List every connection with its mode and health."""
    calling.principal.require(Permission.CONNECTIONS_READ)

    def fetch(tx: ReadTx) -> list[ConnectionState]:
        unsent = jobs.count_shadowed(tx)
        return [
            ConnectionState(
                key=each.key,
                kind=each.kind,
                connector=each.connector,
                name=each.name,
                mode=each.mode,
                changed_at=each.changed_at,
                last_received_at=each.last_received_at,
                received_today=each.received_today,
                waiting=each.waiting,
                dead=each.dead,
                unsent=unsent.get(each.key, 0),
            )
            for each in health.connections(tx, now=calling.app.clock.now())
        ]

    return calling.read(fetch)


@router.get("/connections/{key}/unsent-calls")
def list_unsent_calls(calling: Calling, key: str, wanted: Annotated[Paging, Query()]) -> Page[UnsentCall]:
    """List the calls that a connection only logged in shadow mode, oldest first."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    after = paging.after(jobs.SHADOWED, wanted.cursor, jobs.OLDEST.sort)
    page = replace(jobs.OLDEST, after=after, limit=wanted.limit + 1)
    rows = calling.read(lambda tx: operations.unsent(tx, key=key, page=page))
    return paging.page(
        rows, _unsent, lambda row: jobs.SHADOWED.cursor_of(row, jobs.OLDEST.sort), limit=wanted.limit
    )


@router.post("/connections/{key}/unsent-calls/send")
def send_unsent_calls(calling: Calling, key: str) -> CallsEnded:
    """Make the calls of a connection that is live now. Refused while it is not."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)

    def work(tx: WriteTx) -> CallsEnded:
        return CallsEnded(calls=operations.send_shadowed(tx, key=key))

    return calling.write(work)


@router.post("/connections/{key}/unsent-calls/drop", include_in_schema=False)
@router.post("/connections/{key}/unsent-calls/discard")
def discard_unsent_calls(calling: Calling, key: str) -> CallsEnded:
    """Discard the calls: they are never sent. Their events are kept."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)

    def work(tx: WriteTx) -> CallsEnded:
        return CallsEnded(calls=operations.drop_shadowed(tx, key=key))

    return calling.write(work)
