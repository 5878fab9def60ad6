"""What happens to stock outside of orders, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A person or a feed corrected a counter."""

    type: ClassVar[str] = "stock.adjusted"
    stream: ClassVar[str] = "location"
    location_id: int
    sku: str
    condition: str
    change: int
    reason: str


@dataclass(frozen=True, slots=True)
class Freed:
    """Carts let go of these SKUs: orders that wait for them may be routed."""

    type: ClassVar[str] = "stock.freed"
    stream: ClassVar[str] = "network"
    skus: tuple[str, ...]
    network_id: int = 1
