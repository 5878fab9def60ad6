"""Read dead letters: grouped by error class and connection, and one with its payload."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from doorstep.domain.analytics.store import dead_letters as store
from doorstep.domain.analytics.store.dead_letters import SORTING, DeadLetter, DeadLetterGroup
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["SORTING", "DeadLetter", "DeadLetterGroup"]

LATEST = Keyset(sort="last_failed_at", limit=200)


@dataclass(frozen=True, slots=True)
class OpenedDeadLetter:
    """A dead letter with its payload as readable text; `is_json` says whether it is JSON."""

    letter: DeadLetter
    payload: str
    is_json: bool
    headers: dict[str, str]


def groups(tx: ReadTx) -> list[DeadLetterGroup]:
    """Groups of dead letters by error class, subscriber and connection, largest first."""
    return store.select_groups(tx)


def dead_letters(
    tx: ReadTx,
    *,
    error_class: str = "",
    what: str = "",
    page: Keyset = LATEST,
) -> list[DeadLetter]:
    """A page of the dead letters."""
    return store.select_dead_letters(tx, error_class=error_class, what=what, page=page)


def count(tx: ReadTx) -> int:
    """How many there are; 1000 means 1000 or more."""
    return store.count_dead_letters(tx)


def opened(tx: ReadTx, *, source: str, letter_id: int) -> OpenedDeadLetter:
    """One dead letter with its payload; raises NotFound if it was retried or discarded."""
    letter = store.select_dead_letter(tx, source=source, letter_id=letter_id)
    if letter is None:
        raise errors.NotFound("This dead letter was retried or discarded.")
    if source == "delivery":
        event = store.select_event(tx, delivery_id=letter_id)
        return OpenedDeadLetter(
            letter, *_readable(msgspec.json.encode(event.data if event else {})), headers={}
        )
    message = store.select_message(tx, message_id=letter_id)
    payload, is_json = _readable(message.body if message else b"")
    return OpenedDeadLetter(letter, payload, is_json, message.headers if message else {})


def _readable(body: bytes) -> tuple[str, bool]:
    try:
        return msgspec.json.format(msgspec.json.encode(msgspec.json.decode(body)), indent=2).decode(), True
    except (msgspec.DecodeError, RecursionError):  # what is nested too deeply is shown as it came
        return body.decode(errors="replace"), False
