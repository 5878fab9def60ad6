"""Messages of partners: the request as it came, the answer to it, and what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from doorstep.kernel.ids import ConnectionId

_LONGEST_NAME = 300  # an index entry of the database has about 2,700 bytes


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """A request of a partner. `url` is our public address as the partner called it; header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    url: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the URL; of a name that is repeated, the last value."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


class Verdict(StrEnum):
    """accepted: genuine, store it. refused: the proof is missing or wrong. answered: nothing to store, as for a ping."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Ack:
    """What becomes of a request, and the answer that the vendor expects once it is stored."""

    verdict: Verdict
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def _storable(text: str) -> str:
    """A text without what the database refuses: NUL, and halves of characters."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


ACCEPTED = Ack(Verdict.ACCEPTED)
REFUSED = Ack(Verdict.REFUSED, status=401)


def accepted_if(genuine: bool) -> Ack:
    """The usual answer: an empty 200 for a genuine message, 401 for any other."""
    return ACCEPTED if genuine else REFUSED


def answered(body: str, *, content_type: str = "text/plain; charset=utf-8") -> Ack:
    """A challenge or a ping: answered with this text, not stored."""
    return Ack(Verdict.ANSWERED, body=body.encode(), headers={"Content-Type": content_type})


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message before its body is parsed: enough to store it once.

    `event_id` is the sender's own where it has one, else a digest of the body; `sent_at` is the sender's time.
    """

    event_id: str
    topic: str
    sent_at: datetime | None = None

    def __post_init__(self) -> None:
        """A message is stored whatever its sender calls it: an id that the database cannot hold is replaced by its digest."""
        object.__setattr__(self, "topic", _storable(self.topic)[:_LONGEST_NAME])
        if len(self.event_id) > _LONGEST_NAME or _storable(self.event_id) != self.event_id:
            digest = hashlib.sha256(self.event_id.encode(errors="surrogatepass")).hexdigest()
            object.__setattr__(self, "event_id", digest)


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
