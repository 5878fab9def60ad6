"""A partner that answers in 20 seconds takes nothing from the others: they complete as many calls as without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

import pytest
from tests.builders import Retailer
from tests.clock import NOON
from tests.kernel import partner
from tests.kernel.partner import Answer, Partner

from doorstep.delivery.worker.tasks import Tasks
from doorstep.flows.context import Context, Record, Subscriber, no_record
from doorstep.kernel import event_log, http
from doorstep.kernel.db import ReadTx
from doorstep.kernel.jobs import Delivery

CALLS, PARTNERS, SLOW = 60, 3, 0
NAME = "partner.call"


@dataclass(frozen=True, slots=True)
class Opened:
    """Something of the test's own happened."""

    type: ClassVar[str] = "thing.opened"
    stream: ClassVar[str] = "thing"
    thing_id: int


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def calling(partners: Sequence[Partner]) -> Subscriber:
    """A task that calls the partner of its key over HTTP."""
    policy = http.Policy(timeout_seconds=30, attempts=1)
    sessions = [http.Session(each.url, each.url, policy=policy) for each in partners]

    def task(_context: Context, delivery: Delivery) -> Record:
        sessions[delivery.key % PARTNERS].send("GET", f"/{delivery.key}")
        return no_record

    def partner_of(_context: Context, _tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
        return {each.id: each.key % PARTNERS + 1 for each in deliveries}

    return Subscriber(Opened.type, NAME, task=task, partner=partner_of)


def enqueue(retailer: Retailer) -> None:
    """The same number of calls for each partner; those of the slow one are older."""
    keys = sorted(range(1, CALLS + 1), key=lambda key: (key % PARTNERS != SLOW, key))
    retailer.write(lambda tx: event_log.append(tx, [Opened(key) for key in keys], at=NOON))
    statement = """
        INSERT INTO deliveries (subscriber, event_position, stream, key)
        SELECT %s, position, stream, stream_id FROM events WHERE type = %s ORDER BY position
    """
    retailer.write(lambda tx: tx.execute(statement, (NAME, Opened.type)))


def completed(retailer: Retailer, row: Subscriber, *, of: int) -> int:
    """How many calls of the other partners are completed; the queue works until they are, or nothing moves."""
    awake = threading.Event()
    tasks = Tasks(retailer.app, {NAME: row}, wake=awake.set)
    statement = "SELECT count(*) FROM deliveries WHERE subscriber = %s AND key %% %s <> %s"
    ends_at = time.monotonic() + 15
    left = of
    while left and time.monotonic() < ends_at:
        awake.clear()
        if not tasks.take():
            awake.wait(0.2)
        left = retailer.read(lambda tx: tx.value(int, statement, (NAME, PARTNERS, SLOW)))
    threading.Thread(target=tasks.close).start()
    return of - left


@pytest.mark.parametrize("seconds", [0.0, 20.0])
def test_the_others_complete_as_many_calls(retailer: Retailer, stack: ExitStack, seconds: float) -> None:
    answers = [Answer(delay_seconds=seconds if number == SLOW else 0.0) for number in range(PARTNERS)]
    partners = [stack.enter_context(partner.serving(answer)) for answer in answers]
    enqueue(retailer)
    others = CALLS - CALLS // PARTNERS
    assert completed(retailer, calling(partners), of=others) == others
    assert [len(each.seen) for each in partners[1:]] == [CALLS // PARTNERS] * 2
    if seconds:
        assert len(partners[SLOW].seen) == retailer.app.settings.calls_per_connection
