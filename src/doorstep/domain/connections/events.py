"""Events of connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Mapped:
    """A person mapped a name; what waited for it goes on. `source` is the name as it comes, `target` its translation."""

    type: ClassVar[str] = "connection.mapped"
    stream: ClassVar[str] = "connection"
    connection_id: int
    kind: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A person signed in at the vendor, which gave the connection tokens."""

    type: ClassVar[str] = "connection.connected"
    stream: ClassVar[str] = "connection"
    connection_id: int
    connection: str
    account: str
    scopes: str
