"""The receiving port of connectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from doorstep.domain.connections.model import Envelope


class Inbound(Protocol):
    """The receiving half of a connector. All three are pure: no network, no clock; header names are lower case."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the signature over the raw bytes is right, in constant time."""
        ...

    def envelope(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        """Id and topic for storing; must not fail on a body that cannot be read (a digest is the id then)."""
        ...

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse a stored message into snapshots of the domain (orders, payments, shipping, returns models).

        Unused topics give an empty sequence. Raises errors.Invalid (with the failing place) on a body that
        does not have the vendor's shape.
        """
        ...
