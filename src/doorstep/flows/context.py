"""What flow functions receive: database, clock, partner connections, settings; and the rows of the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from doorstep.domain.shipping.model import Packaging
from doorstep.flows.partners import Partners
from doorstep.kernel import errors, queues
from doorstep.kernel.db import Database, ReadTx, WriteTx
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Done, Failed, Followed, Pending
from doorstep.kernel.time import Clock


@dataclass(frozen=True, slots=True)
class Context:
    """Passed to every task and job."""

    db: Database
    clock: Clock
    partners: Partners
    serviceable: Mapping[str, bool]
    packaging: Packaging
    public_url: str = ""


Record = Callable[[WriteTx], None]
RecordBatch = Callable[[WriteTx, Sequence[Delivery]], None]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How the calls of a batch ended; deliveries in neither `done` nor `failed` were not tried and are given back.

    `record` stores the results of `done`, without those that another worker has taken over meanwhile, in the
    transaction that deletes their rows. `failed` has the problem of each delivery by its id: each is retried or
    becomes a dead letter by itself. `pending` has those that the partner has taken and not finished, by the same id.
    """

    done: Sequence[Delivery]
    record: RecordBatch
    failed: Mapping[int, Exception] = field(default_factory=dict)
    pending: Mapping[int, Pending] = field(default_factory=dict)


SecondsLeft = Callable[[], float]
Handler = Callable[[Context, WriteTx, list[Delivery]], None]
ExternalTask = Callable[[Context, Delivery], Record | Pending]
PartnerOf = Callable[[Context, ReadTx, Sequence[Delivery]], Mapping[int, int]]
BatchTask = Callable[[Context, Sequence[Delivery], SecondsLeft], BatchResult]
OnDeadLetter = Callable[[Context, WriteTx, Delivery, Exception], None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """What follows from one event: exactly one of `handler`, `task` and `batch_task`.

    A batch task gets up to `batch_size` leased deliveries at once and must return before its seconds are over: it
    stops making calls in time and leaves the rest. `on_dead_letter` runs when a task has failed for the last time.
    `queue` says which processes do the work, `partner` which connection each delivery calls (by its id): every
    connection has calls of its own. A task with a handle asks how its call ended. `needs` leaves events out.
    """

    event: str
    name: str
    queue: queues.Queue = queues.Queue.STEPS
    handler: Handler | None = None
    task: ExternalTask | None = None
    batch_task: BatchTask | None = None
    batch_size: int = 500
    partner: PartnerOf | None = None
    needs: Callable[[object], bool] | None = None
    on_dead_letter: OnDeadLetter | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job of a queue; one worker runs it at a time. What computes for seconds belongs to the calculations."""

    name: str
    every_seconds: float
    run: Callable[[Context], object]
    queue: queues.Queue = queues.Queue.STEPS


def no_record(_tx: WriteTx) -> None:
    """Nothing to record."""


def no_batch_record(_tx: WriteTx, _done: Sequence[Delivery]) -> None:
    """Nothing to record: the batch recorded its results itself."""


def event_int(delivery: Delivery, name: str) -> int:
    """An integer from an event's data."""
    return int(str(delivery.data[name]))


def follow(partner: object, handle: str) -> Done | Pending:
    """How a pending call stands at the partner: what it answered, or pending still. Raises Refused if it failed."""
    if not isinstance(partner, Followed):
        raise errors.Refused(f"The connection does not say any more how the call {handle} ended.")
    found = partner.check(handle)
    if isinstance(found, Failed):
        raise errors.Refused(f"The partner did not carry out the call: {found.reason}", handle=handle)
    return found
