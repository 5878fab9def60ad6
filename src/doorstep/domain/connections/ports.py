"""What every connector that receives messages must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from doorstep.domain.connections.model import Envelope


class Inbound(Protocol):
    """The receiving half of a connector. All three are pure: no network, no clock; header names are lower case."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the sender proved itself, over the raw bytes, in constant time."""
        ...

    def envelope(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        """Id and topic for storing; must not fail on a body that cannot be read (a digest is the id then)."""
        ...

    def observe(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Translate a stored message to observations of the domain (orders, payments, shipping, returns models).

        Topics we do not use give an empty sequence. Raises errors.Invalid (with the failing place) on a body that
        does not have the vendor's shape.
        """
        ...
