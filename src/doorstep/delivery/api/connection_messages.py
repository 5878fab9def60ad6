"""Messages of connections: listed, shown with their payload, read again with today's connector."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime, BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.connections import actions, views
from doorstep.domain.connections.actions import Selection
from doorstep.domain.connections.views import messages
from doorstep.domain.connections.views.messages import MessageRow
from doorstep.domain.identity.model import Permission
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

router = APIRouter(tags=["Connections"])


class ConnectionMessage(BaseModel):
    """A stored message. `state`: waiting, read or failed."""

    id: int
    topic: str
    event_id: str
    received_at: datetime
    state: str
    attempts: int
    error: str | None
    size_bytes: int
    is_background: bool = Field(description="History, or read again: after all live messages.")


class MessagePayload(BaseModel):
    """A stored message as it came. `body` is text; bytes that are no UTF-8 are replaced."""

    id: int
    topic: str
    received_at: datetime
    trace_id: str
    headers: dict[str, str]
    body: str


class MessageFilter(Paging):
    """Which messages to list."""

    topic: str = Field("", description="Only of this topic.")
    state: Literal["", "waiting", "read", "failed"] = Field("", description="Only in this state.")


class ReadAgainWanted(BaseModel):
    """Messages to read again: these ids, or those of a topic, received in a time range."""

    ids: list[int] | None = Field(None, description="Ids of messages.", max_length=10_000)
    topic: str = Field("", description="Only of this topic.")
    since: AwareDatetime | None = Field(None, description="Received at or after.")
    until: AwareDatetime | None = Field(None, description="Received before.")


class ReadAgain(BaseModel):
    """How many messages are read again."""

    messages: int


def _shape(row: MessageRow) -> ConnectionMessage:
    return ConnectionMessage(
        id=row.id,
        topic=row.topic,
        event_id=row.external_event_id,
        received_at=row.received_at,
        state=row.state,
        attempts=row.attempts,
        error=row.error,
        size_bytes=row.size_bytes,
        is_background=row.is_background,
    )


@router.get("/connections/{key}/messages")
def list_connection_messages(
    calling: Calling, key: str, wanted: Annotated[MessageFilter, Query()]
) -> Page[ConnectionMessage]:
    """List the messages that a connection has received, newest first."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    connection = calling.app.registry.by_key(key)
    sort = messages.LATEST.sort
    page = replace(
        messages.LATEST,
        after=paging.after(messages.SORTING, wanted.cursor, sort),
        limit=wanted.limit + 1,
    )
    rows = calling.read(
        lambda tx: messages.listed(
            tx, connection_id=connection.id, topic=wanted.topic, state=wanted.state, page=page
        )
    )
    return paging.page(rows, _shape, lambda row: messages.SORTING.cursor_of(row, sort), limit=wanted.limit)


@router.get("/connections/{key}/messages/{message_id}")
def get_connection_message(calling: Calling, key: str, message_id: int) -> MessagePayload:
    """Get a message with its headers and body as they came, without what proves its sender."""
    calling.principal.require(Permission.DEAD_LETTERS_READ)
    connection = calling.app.registry.by_key(key)

    def fetch(tx: ReadTx) -> MessagePayload:
        found = views.payload(tx, message_id=message_id)
        if found.connection_id != connection.id:
            raise errors.NotFound(f"{key} has no message {message_id}.")
        return MessagePayload(
            id=found.id,
            topic=found.topic,
            received_at=found.received_at,
            trace_id=found.trace_id,
            headers=found.headers,
            body=found.body.decode(errors="replace"),
        )

    return calling.read(fetch)


@router.post("/connections/{key}/messages/read-again")
def retry_connection_messages(
    calling: Calling, key: str, wanted: Annotated[ReadAgainWanted, Body(default_factory=ReadAgainWanted)]
) -> ReadAgain:
    """Read messages again with today's connector: these, a topic, or a time range. They come after all live messages."""
    calling.principal.require(Permission.CONNECTIONS_WRITE)
    connection = calling.app.registry.by_key(key)
    selection = Selection(connection.id, wanted.ids, wanted.topic, wanted.since, wanted.until)
    return calling.write(lambda tx: ReadAgain(messages=actions.read_again(tx, selection=selection)))
