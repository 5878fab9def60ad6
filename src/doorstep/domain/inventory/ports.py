"""The port of what takes our stock levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from doorstep.kernel.results import Done, Pending


@dataclass(frozen=True, slots=True)
class StockLevel:
    """How many units of a listing may be sold now; `listing` is the channel's name of the SKU."""

    listing: str
    sku: str
    available: int


class StockSink(Protocol):
    """Feature `publish_stock`: a sales channel whose stock levels we set. Raises kernel errors.

    At most one call per connection is under way, so that an older level never replaces a newer one. Levels are absolute:
    repeating a call changes nothing. A channel that works them off later answers Pending and satisfies results.Followed.
    """

    def publish_stock(self, levels: Sequence[StockLevel]) -> Done | Pending:
        """Set these levels; Done.refused names the SKUs that the channel did not take, and why."""
        ...


class StockReader(Protocol):
    """Feature `read_stock`: a channel that says which levels it has. Raises kernel errors."""

    def read_stock(self, listings: Sequence[str]) -> Mapping[str, int]:
        """The level of each of these listings, without those that the channel does not know."""
        ...
