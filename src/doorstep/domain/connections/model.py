"""Connections, the connectors they use, and the envelopes of their messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import ConnectionId

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def check_key(key: str) -> None:
    """Raise Invalid unless the key fits into a URL (/hooks/{key})."""
    if not _KEY.fullmatch(key):
        raise errors.Invalid(
            f"{key!r} cannot be the key of a connection: use letters, digits, dots, hyphens and underscores, "
            "at most 63.",
            field="key",
        )


class Mode(StrEnum):
    """off: nothing is sent or received. shadow: reads are sent, writes are only logged. live: everything."""

    OFF = "off"
    SHADOW = "shadow"
    LIVE = "live"


class Kind(StrEnum):
    """The folders under adapters; a connector is found by (kind, id)."""

    CHANNELS = "channels"
    CARRIERS = "carriers"
    PAYMENTS = "payments"
    ERP = "erp"
    MESSENGERS = "messengers"


@dataclass(frozen=True, slots=True)
class Connector:
    """What a connector folder declares: `connector.py` holds one value CONNECTOR of this type.

    `settings` is a pydantic model (SecretStr fields are sealed at rest); `connect(settings, session)` returns an object
    that satisfies the ports of its kind, `session` being a kernel.http.Session of this connection.
    """

    id: str
    kind: Kind
    label: str
    settings: type
    connect: Callable[..., object]
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Connection:
    """One account: `key` names it in URLs (/hooks/{key}) and settings of others. `settings` holds unsealed secrets."""

    id: ConnectionId
    key: str
    kind: Kind
    connector_id: str
    name: str
    mode: Mode
    settings: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message before its body is parsed: enough to store it once.

    `event_id` is the sender's own where it has one, else a digest of the body; `sent_at` is the sender's time.
    """

    event_id: str
    topic: str
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A stored message, claimed for reading."""

    id: int
    connection_id: ConnectionId
    topic: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    trace_id: str
    attempts: int


def unknown(key: str, keys: Sequence[str]) -> errors.NotFound:
    """The error for a key that no connection has; it names those that exist."""
    existing = f"The connections are {', '.join(sorted(keys))}" if keys else "There are no connections yet"
    return errors.NotFound(f"There is no connection {key!r}. {existing}.")
