"""Dead letters: what stopped, and another try."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.domain.analytics.views import letters
from doorstep.domain.identity.model import Permission
from doorstep.flows import operations
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx

router = APIRouter(tags=["Dead letters"])


class Chosen(BaseModel):
    """Which dead letters: by id, or all of a class."""

    deliveries: list[int] = Field(default_factory=list, max_length=1000)
    messages: list[int] = Field(default_factory=list, max_length=1000, description="Stored webhooks.")
    error_class: Literal["transient", "data", "auth", "bug"] | None = None


@router.get("/dead-letters")
def list_letters(calling: Calling, error_class: str = "") -> list[letters.DeadLetter]:
    """Dead letters, newest failure first."""
    calling.principal.require(Permission.DEAD_LETTERS_READ)
    return calling.read(lambda tx: letters.dead_letters(tx, error_class=error_class))


@router.get("/dead-letters/{source}/{letter_id}")
def get_letter(calling: Calling, source: Literal["delivery", "inbox"], letter_id: int) -> letters.Opened:
    """One dead letter with its payload."""
    calling.principal.require(Permission.DEAD_LETTERS_READ)
    return calling.read(lambda tx: letters.opened(tx, source=source, letter_id=letter_id))


@router.post("/dead-letters/redrive")
def redrive(calling: Calling, body: Chosen) -> dict[str, object]:
    """Try dead letters again."""
    calling.principal.require(Permission.DEAD_LETTERS_WRITE)
    if body.error_class is None and not body.deliveries and not body.messages:
        raise errors.Invalid("Name deliveries, messages or an error_class.", field="deliveries")

    def work(tx: WriteTx) -> dict[str, object]:
        count = operations.retry(
            tx, deliveries=body.deliveries, messages=body.messages, error_class=body.error_class
        )
        return {"redriven": count}

    return calling.write(work)


@router.post("/dead-letters/discard")
def discard(calling: Calling, body: Chosen) -> dict[str, object]:
    """Give up on dead letters; the events and bytes behind them are kept."""
    calling.principal.require(Permission.DEAD_LETTERS_WRITE)
    return calling.write(
        lambda tx: {"discarded": operations.discard(tx, deliveries=body.deliveries, messages=body.messages)}
    )
