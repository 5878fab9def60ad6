"""Connections: their mode and health, and the calls that were not sent in shadow mode."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.analytics.views import health
from doorstep.domain.connections import actions, views
from doorstep.domain.connections.model import CheckFinding, Kind, Mode
from doorstep.domain.connections.views import checks
from doorstep.domain.identity.model import Permission
from doorstep.flows import connection_checks, operations
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Connections"])


class CheckResult(BaseModel):
    """One thing that a check looked at; where `is_ok` is false, `message` says what is wrong."""

    name: str
    is_ok: bool
    message: str


class ConnectionCheck(BaseModel):
    """The result of a check."""

    checked_at: datetime
    findings: list[CheckResult]


class ConnectionState(BaseModel):
    """A connection. `pending` calls were taken by the partner and are not finished, the oldest since `pending_since`.

    `unsent` calls were only logged in shadow mode; `dead` messages failed for good; `problem` says why it
    cannot be used now, or not for webhooks.
    """

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
    pending: int
    pending_since: datetime | None
    unsent: int
    problem: str
    check: ConnectionCheck | None = Field(description="The last check; null if there was none.")


class ConnectionWanted(BaseModel):
    """A connection to create or change. A new one needs kind, connector and its required settings."""

    kind: Kind = Field(
        Kind.CHANNELS, description="The kind of a new connection; of a known one it does not change."
    )
    connector: str = Field("", description="The connector of a new connection, as in shopify.")
    name: str = Field("", max_length=100, description="As people read it.")
    serves: dict[Literal["channels", "legal_entities"], list[str]] | None = Field(
        None, description="Limits it to sales channels (keys) or legal entities (names). Null: unchanged."
    )
    settings: dict[str, str | int | bool] = Field(
        default_factory=dict, description="Settings by name. Secrets are sealed and never shown again."
    )


class ModeWanted(BaseModel):
    """The mode to switch to."""

    mode: Literal["live", "shadow", "off"] = Field(description="live, shadow or off.")


class ConnectionSaved(BaseModel):
    """A connection that was saved, and its mode."""

    key: str
    mode: str


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


def _finding(found: CheckFinding) -> CheckResult:
    return CheckResult(name=found.name.english(), is_ok=found.is_ok, message=found.message.english())


def _check(row: checks.CheckRow | None) -> ConnectionCheck | None:
    if row is None:
        return None
    return ConnectionCheck(checked_at=row.checked_at, findings=[_finding(each) for each in row.findings])


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
    problems = calling.app.registry.problems()

    def fetch(tx: ReadTx) -> list[ConnectionState]:
        unsent, latest = jobs.count_shadowed(tx), checks.latest(tx)
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
                pending=each.pending,
                pending_since=each.pending_since,
                unsent=unsent.get(each.key, 0),
                check=_check(latest.get(each.id)),
                problem=problems.get(each.key, ""),
            )
            for each in health.connections(tx, now=calling.app.clock.now())
        ]

    return calling.read(fetch)


@router.put("/connections/{key}")
def put_connection(
    calling: Calling, key: str, wanted: Annotated[ConnectionWanted, Body(default_factory=ConnectionWanted)]
) -> ConnectionSaved:
    """Create a connection, or change one: settings that are not given stay, secrets too. A new one is in shadow mode."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)
    registry = calling.app.registry

    def work(tx: WriteTx) -> ConnectionSaved:
        known = {row.key: row for row in views.all_connections(tx)}
        if key in known:
            name = wanted.name or known[key].name
            registry.change(tx, key=key, name=name, settings=wanted.settings)
            _limit(tx, key, wanted)
            return ConnectionSaved(key=key, mode=known[key].mode)
        connector = registry.connector(wanted.kind, wanted.connector)
        registry.configure(
            tx, key=key, connector=connector, name=wanted.name or key, settings=wanted.settings
        )
        _limit(tx, key, wanted)
        return ConnectionSaved(key=key, mode=Mode.SHADOW.value)

    saved = calling.write(work)
    registry.look_again()
    return saved


def _limit(tx: WriteTx, key: str, wanted: ConnectionWanted) -> None:
    if wanted.serves is not None:
        actions.limit(tx, key=key, serves={str(each): names for each, names in wanted.serves.items()})


@router.post("/connections/{key}/mode")
def set_connection_mode(calling: Calling, key: str, wanted: ModeWanted) -> ConnectionSaved:
    """Switch a connection: live, shadow (reads are sent, changes are only logged) or off."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)

    def work(tx: WriteTx) -> ConnectionSaved:
        actions.switch(tx, key=key, mode=Mode(wanted.mode))
        return ConnectionSaved(key=key, mode=wanted.mode)

    saved = calling.write(work)
    calling.app.registry.look_again()
    return saved


@router.post("/connections/{key}/test")
def inspect_connection(calling: Calling, key: str) -> ConnectionCheck:
    """Test a connection now: sign in at the vendor, look for what must exist there, set up missing webhooks."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)
    connection = calling.app.registry.by_key(key)
    findings = connection_checks.check(calling.app.context, connection=connection, is_asked=True)
    return ConnectionCheck(checked_at=calling.app.clock.now(), findings=[_finding(each) for each in findings])


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
