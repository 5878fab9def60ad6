"""What flow functions receive: database, clock, partner connections, settings; and the rows of the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from doorstep.domain.connections.model import Connection, Kind
from doorstep.domain.connections.ports import Inbound
from doorstep.domain.invoicing.ports import AccountingSystem
from doorstep.domain.notifications.ports import Messenger
from doorstep.domain.orders.ports import SalesChannel
from doorstep.domain.payments.ports import PaymentGateway
from doorstep.domain.shipping.model import Packaging
from doorstep.domain.shipping.ports import Carrier
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.time import Clock


class Partners(Protocol):
    """The configured connections, each as the port it serves. Raises NotFound for an unknown one."""

    def connection(self, connection_id: int) -> Connection: ...

    def by_key(self, key: str) -> Connection: ...

    def of_kind(self, kind: Kind) -> list[Connection]: ...

    def inbound(self, connection_id: int) -> Inbound: ...

    def channel(self, connection_id: int) -> SalesChannel: ...

    def carrier(self, connection_id: int) -> Carrier: ...

    def gateway(self, connector_id: str) -> PaymentGateway: ...

    def accounting(self) -> AccountingSystem: ...

    def messenger(self, connection_id: int) -> Messenger: ...


@dataclass(frozen=True, slots=True)
class Context:
    """Passed to every task and job."""

    db: Database
    clock: Clock
    partners: Partners
    serviceable: Mapping[str, bool]
    packaging: Packaging


Record = Callable[[WriteTx], None]
Handler = Callable[[Context, WriteTx, list[Delivery]], None]
ExternalTask = Callable[[Context, Delivery], Record]
OnDeadLetter = Callable[[Context, WriteTx, Delivery, Exception], None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What follows from one event. `on_dead_letter` runs when a task has failed for the last time."""

    event: str
    name: str
    handler: Handler | None = None
    task: ExternalTask | None = None
    on_dead_letter: OnDeadLetter | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job; one worker runs it at a time. Jobs that are CPU-bound for seconds run in a thread of their own."""

    name: str
    every_seconds: float
    run: Callable[[Context], object]
    is_cpu_bound: bool = False


def no_record(_tx: WriteTx) -> None:
    """Nothing to record."""


def event_int(delivery: Delivery, name: str) -> int:
    """An integer from an event's data."""
    return int(str(delivery.data[name]))
