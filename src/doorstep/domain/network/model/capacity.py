"""Define a location's capacity: usage of its shift, throughput, pauses and carrier outages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.ids import FulfillmentOrderId, LocationId
from doorstep.kernel.message import Message

# A shift of a location, identified by its start.
ShiftKey = tuple[LocationId, datetime]


@dataclass(frozen=True, slots=True)
class Load:
    """The usage of a shift: what was routed to it and not released."""

    location_id: LocationId
    starts_at: datetime
    orders: int = 0
    lines: int = 0
    units: int = 0

    def counted(self, measure: str) -> int:
        """The usage in the unit in which the shift counts."""
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
    """A location that is not routed to, until the given time or until it is resumed."""

    location_id: LocationId
    reason: str
    since_at: datetime
    until_at: datetime | None
    actor: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A carrier that gets no parcels, until the given time or until the outage is ended.

    `is_noticed`: detected from failed calls, not set by a user; the next successful call ends it.
    """

    carrier: str
    reason: Message
    since_at: datetime
    until_at: datetime | None
    is_noticed: bool
    actor: str

    def is_active(self, since: datetime, until: datetime) -> bool:
        """Whether the carrier is out at any time between two instants."""
        return self.since_at < until and (self.until_at is None or self.until_at > since)

    @property
    def words(self) -> Message:
        """The reason as shown in explanations and to users."""
        return Message("%(carrier)s has an outage: %(reason)s", carrier=self.carrier, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Measured performance of a location: units picked per open hour, open units, and the share of work it rejected."""

    location_id: LocationId
    units_per_hour: float
    open_units: int
    reject_rate: float
    measured_at: datetime

    @property
    def backlog_hours(self) -> float:
        """Open hours until the open work is picked."""
        return self.open_units / self.units_per_hour if self.units_per_hour else 0.0
