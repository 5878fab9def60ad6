"""Read connections and stored messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.connections.store import connections as store
from doorstep.domain.connections.store import inbox
from doorstep.domain.connections.store.connections import ConnectionRow, FailingCarrier, FormerSecrets
from doorstep.domain.connections.store.inbox import Payload
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["ConnectionRow", "FailingCarrier", "FormerSecrets", "Payload"]


def all_connections(tx: ReadTx) -> list[ConnectionRow]:
    """Every connection, secrets still sealed."""
    return store.select_connections(tx)


def is_due(tx: ReadTx) -> bool:
    """Whether a stored message is due."""
    return inbox.exists_due(tx)


def next_due_seconds(tx: ReadTx) -> float | None:
    """Seconds until the next stored message becomes due again; None if none waits for that."""
    return next(iter(inbox.next_due_seconds(tx)), None)


def latest_change(tx: ReadTx) -> datetime | None:
    """When a connection was last changed."""
    return next(iter(store.latest_change(tx)), None)


def payload(tx: ReadTx, *, message_id: int) -> Payload:
    """A stored message with its bytes."""
    found = inbox.select_payload(tx, message_id=message_id)
    if found is None:
        raise errors.NotFound(f"There is no stored message {message_id}.")
    return found


def problems(tx: ReadTx, *, connection_id: int, event_ids: Sequence[str]) -> dict[str, str]:
    """Why some of these messages of a connection could not be read, by event id."""
    return inbox.select_problems(tx, connection_id=connection_id, event_ids=event_ids)


def failing_carriers(tx: ReadTx, *, since: datetime, at_least: int) -> list[FailingCarrier]:
    """Carriers with that many failed label calls since then and no success."""
    return store.select_failing_carriers(tx, since=since, at_least=at_least)


def recovered_carriers(tx: ReadTx, *, since: Mapping[str, datetime]) -> list[str]:
    """Those of these carriers that sold a label since their time."""
    return store.select_recovered(tx, since=since) if since else []


def former_secrets(tx: ReadTx) -> dict[int, FormerSecrets]:
    """Former secrets that still verify webhooks, by connection."""
    return {each.connection_id: each for each in store.select_former(tx)}
