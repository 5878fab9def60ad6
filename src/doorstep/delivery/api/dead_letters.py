"""Dead letters: failed work, and how to retry it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.analytics.views import dead_letters
from doorstep.domain.identity.model import Permission
from doorstep.flows import operations
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.keyset import Keyset

router = APIRouter(tags=["Dead letters"])


class DeadLetterSelection(BaseModel):
    """Which dead letters: by id, or all of an error class."""

    deliveries: list[int] = Field(default_factory=list, max_length=1000, description="Ids of deliveries.")
    messages: list[int] = Field(default_factory=list, max_length=1000, description="Stored webhooks.")
    error_class: Literal["transient", "data", "auth", "bug"] | None = Field(
        None, description="Every dead letter of this class."
    )


class DeadLetter(BaseModel):
    """Failed work: a delivery of an event, or a message from a partner."""

    source: Literal["delivery", "inbox"]
    id: int
    what: str = Field(description="The subscriber or reader that failed.")
    connection: str
    topic: str
    order_id: int | None
    order_number: str
    stream: str | None = Field(description="The subject of a delivery: order, location, supply …")
    stream_id: int | None
    attempts: int
    error: str
    error_class: str
    first_failed_at: datetime | None
    last_failed_at: datetime | None
    trace_id: str


class OpenedDeadLetter(BaseModel):
    """A dead letter with its payload as text."""

    letter: DeadLetter
    payload: str
    is_json: bool
    headers: dict[str, str]


class Retried(BaseModel):
    """How many are retried."""

    retried: int


class Discarded(BaseModel):
    """How many were discarded."""

    discarded: int


class Listing(Paging):
    """Filter of the list."""

    error_class: str = ""


def _shape(found: dead_letters.DeadLetter) -> DeadLetter:
    return DeadLetter.model_validate(asdict(found))


@router.get("/dead-letters")
def list_dead_letters(calling: Calling, wanted: Annotated[Listing, Query()]) -> Page[DeadLetter]:
    """List dead letters, newest failure first."""
    calling.principal.require(Permission.DEAD_LETTERS_READ)
    sort = dead_letters.LATEST.sort
    page = Keyset(sort, after=paging.after(dead_letters.SORTING, wanted.cursor, sort), limit=wanted.limit + 1)
    rows = calling.read(lambda tx: dead_letters.dead_letters(tx, error_class=wanted.error_class, page=page))
    return paging.page(
        rows, _shape, lambda row: dead_letters.SORTING.cursor_of(row, sort), limit=wanted.limit
    )


@router.get("/dead-letters/{source}/{letter_id}")
def get_dead_letter(
    calling: Calling, source: Literal["delivery", "inbox"], letter_id: int
) -> OpenedDeadLetter:
    """Get one dead letter with its payload."""
    calling.principal.require(Permission.DEAD_LETTERS_READ)
    found = calling.read(lambda tx: dead_letters.opened(tx, source=source, letter_id=letter_id))
    return OpenedDeadLetter(
        letter=_shape(found.letter), payload=found.payload, is_json=found.is_json, headers=found.headers
    )


@router.post("/dead-letters/redrive", include_in_schema=False)
@router.post("/dead-letters/retry")
def retry_dead_letters(
    calling: Calling, body: Annotated[DeadLetterSelection, Body(default_factory=DeadLetterSelection)]
) -> Retried:
    """Retry dead letters."""
    calling.principal.require(Permission.DEAD_LETTERS_WRITE)
    if body.error_class is None and not body.deliveries and not body.messages:
        raise errors.Invalid("Send `deliveries`, `messages` or `error_class`.", field="deliveries")

    def work(tx: WriteTx) -> Retried:
        count = operations.retry(
            tx, deliveries=body.deliveries, messages=body.messages, error_class=body.error_class
        )
        return Retried(retried=count)

    return calling.write(work)


@router.post("/dead-letters/discard")
def discard_dead_letters(
    calling: Calling, body: Annotated[DeadLetterSelection, Body(default_factory=DeadLetterSelection)]
) -> Discarded:
    """Discard dead letters. Their events and payloads are kept."""
    calling.principal.require(Permission.DEAD_LETTERS_WRITE)
    return calling.write(
        lambda tx: Discarded(
            discarded=operations.discard(tx, deliveries=body.deliveries, messages=body.messages)
        )
    )
