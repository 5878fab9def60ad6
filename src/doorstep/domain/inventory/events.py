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
