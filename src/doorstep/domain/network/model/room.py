"""What a location does today: how full its shift is, how fast it works, whether it is paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.ids import FulfillmentOrderId, LocationId

# A shift of a location, known by when it begins.
ShiftKey = tuple[LocationId, datetime]


@dataclass(frozen=True, slots=True)
class Load:
    """What was routed to a shift and not given back."""

    location_id: LocationId
    starts_at: datetime
    orders: int = 0
    lines: int = 0
    units: int = 0

    def counted(self, measure: str) -> int:
        """In what the shift counts."""
        return {"orders": self.orders, "lines": self.lines, "units": self.units}[measure]


@dataclass(frozen=True, slots=True)
class CapacityUse:
    """Work that a shift takes: one fulfillment order."""

    fulfillment_order_id: FulfillmentOrderId
    location_id: LocationId
    starts_at: datetime
    lines: int
    units: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A location that gets nothing, until an instant or until somebody says otherwise."""

    location_id: LocationId
    reason: str
    since_at: datetime
    until_at: datetime | None
    actor: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A carrier that gets no parcels, until an instant or until somebody says otherwise.

    `is_noticed`: nobody said so, its calls kept failing; it ends by itself with the next call that does not.
    """

    carrier: str
    reason: str
    since_at: datetime
    until_at: datetime | None
    is_noticed: bool
    actor: str

    def holds(self, since: datetime, until: datetime) -> bool:
        """Whether the carrier is out at any time of a span."""
        return self.since_at < until and (self.until_at is None or self.until_at > since)

    @property
    def words(self) -> str:
        """As receipts and people are told."""
        return f"{self.carrier} is out: {self.reason}"


@dataclass(frozen=True, slots=True)
class Throughput:
    """How a location worked lately: pieces picked per open hour, what is open, and the share of work it rejected."""

    location_id: LocationId
    units_per_hour: float
    open_units: int
    reject_rate: float
    measured_at: datetime

    @property
    def backlog_hours(self) -> float:
        """Open hours until what is open is picked."""
        return self.open_units / self.units_per_hour if self.units_per_hour else 0.0
