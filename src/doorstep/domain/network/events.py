"""Define the events of the network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Configured:
    """Calendars, rates or shifts changed: a new version of the document is active."""

    type: ClassVar[str] = "network.configured"
    stream: ClassVar[str] = "network"
    version: int
    note: str
    network_id: int = 1


@dataclass(frozen=True, slots=True)
class CarrierOutageStarted:
    """A carrier gets no parcels until the given time or until the outage is ended."""

    type: ClassVar[str] = "carrier.outage_started"
    stream: ClassVar[str] = "network"
    carrier: str
    reason: str
    until_at: datetime | None
    network_id: int = 1


@dataclass(frozen=True, slots=True)
class CarrierOutageEnded:
    """A carrier gets parcels again."""

    type: ClassVar[str] = "carrier.outage_ended"
    stream: ClassVar[str] = "network"
    carrier: str
    network_id: int = 1


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing is routed to a location until the given time or until it is resumed."""

    type: ClassVar[str] = "location.paused"
    stream: ClassVar[str] = "location"
    location_id: int
    reason: str
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Resumed:
    """A location is routed to again."""

    type: ClassVar[str] = "location.resumed"
    stream: ClassVar[str] = "location"
    location_id: int


@dataclass(frozen=True, slots=True)
class Created:
    """A location was added to the network."""

    type: ClassVar[str] = "location.created"
    stream: ClassVar[str] = "location"
    location_id: int
    code: str


@dataclass(frozen=True, slots=True)
class Changed:
    """Address, hours, carrier or another property of a location changed."""

    type: ClassVar[str] = "location.changed"
    stream: ClassVar[str] = "location"
    location_id: int
    code: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A location was closed; its history stays."""

    type: ClassVar[str] = "location.closed"
    stream: ClassVar[str] = "location"
    location_id: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """A closed location was reopened."""

    type: ClassVar[str] = "location.reopened"
    stream: ClassVar[str] = "location"
    location_id: int
    code: str
