"""Read connections and stored messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.connections import store
from doorstep.domain.connections.store import ConnectionRow, FailingCarrier, Payload
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["ConnectionRow", "FailingCarrier", "Payload"]


def all_connections(tx: ReadTx) -> list[ConnectionRow]:
    """Every connection, secrets still sealed."""
    return store.select_connections(tx)


def is_due(tx: ReadTx) -> bool:
    """Whether a stored message is due."""
    return store.exists_due(tx)


def latest_change(tx: ReadTx) -> datetime | None:
    """When a connection was last changed."""
    return next(iter(store.latest_change(tx)), None)


def payload(tx: ReadTx, *, message_id: int) -> Payload:
    """A stored message with its bytes."""
    found = store.select_payload(tx, message_id=message_id)
    if found is None:
        raise errors.NotFound(f"There is no stored message {message_id}.")
    return found


def problems(tx: ReadTx, *, connection_id: int, event_ids: Sequence[str]) -> dict[str, str]:
    """Why some of these messages of a connection could not be read, by event id."""
    return store.select_problems(tx, connection_id=connection_id, event_ids=event_ids)


def failing_carriers(tx: ReadTx, *, since: datetime, at_least: int) -> list[FailingCarrier]:
    """Carriers with that many failed label calls since then and no success."""
    return store.select_failing_carriers(tx, since=since, at_least=at_least)


def recovered_carriers(tx: ReadTx, *, since: Mapping[str, datetime]) -> list[str]:
    """Those of these carriers that sold a label since their time."""
    return store.select_recovered(tx, since=since) if since else []
