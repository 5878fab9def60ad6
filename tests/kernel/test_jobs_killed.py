"""Another process finishes the work of a worker that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from tests.clock import NOON

from doorstep.kernel import event_log, jobs
from doorstep.kernel.db import Database, Subscription
from doorstep.kernel.results import Pending

WORKER = """
import sys
from doorstep.kernel import jobs
from doorstep.kernel.db import Database
database = Database(sys.argv[1], pool_size=1).open()
with database.write(actor="doomed") as tx:
    taken = jobs.lock_deliveries(tx, subscriber="reader", limit=10)
    tx.execute("INSERT INTO schedules (name, every_seconds, next_run_at) VALUES ('half done', 1, now())")
    print(len(taken), flush=True)
    sys.stdin.readline()
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """Something of the test's own happened."""

    type: ClassVar[str] = "thing.opened"
    stream: ClassVar[str] = "thing"
    thing_id: int


def test_the_locks_of_a_killed_process_are_free_and_its_work_undone(dsn: str) -> None:
    database = Database(dsn, pool_size=2, subscriptions=(Subscription("thing.opened", "reader"),)).open()
    with database.write(actor="user:1") as tx:
        event_log.append(tx, [Opened(1), Opened(2)], at=NOON)
    doomed = subprocess.Popen(
        [sys.executable, "-c", WORKER, dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with doomed:
        assert doomed.stdout is not None
        assert doomed.stdout.readline().strip() == "2"
        with database.write(actor="other") as tx:
            assert jobs.lock_deliveries(tx, subscriber="reader", limit=10) == []
        doomed.send_signal(signal.SIGKILL)
    with database.write(actor="other") as tx:
        tx.execute("SET LOCAL lock_timeout = '5s'")
        tx.execute(
            "SELECT 1 FROM deliveries FOR UPDATE"
        )  # until the server has noticed that its client is gone
        assert [each.key for each in jobs.lock_deliveries(tx, subscriber="reader", limit=10)] == [1, 2]
        assert tx.value(int, "SELECT count(*) FROM schedules") == 0
    database.close()


ASKING = """
import sys
from doorstep.kernel import jobs
from doorstep.kernel.db import Database
database = Database(sys.argv[1], pool_size=1).open()
with database.write(actor="doomed") as tx:
    (taken,) = jobs.lease_tasks(tx, subscribers=["reader"], per_connection=4, lease_seconds=0.5)
print(taken.handle, flush=True)
sys.stdin.readline()
"""


def test_the_next_process_asks_for_the_handle_of_a_killed_one(dsn: str) -> None:
    listens = (Subscription("thing.opened", "reader", calls_partner=True),)
    database = Database(dsn, pool_size=2, subscriptions=listens).open()
    with database.write(actor="user:1") as tx:
        event_log.append(tx, [Opened(1)], at=NOON)
        (new,) = jobs.unassigned(tx, subscribers=["reader"], limit=9)
        jobs.assign(tx, connections={new.id: 7})
        (sent,) = jobs.lease_tasks(tx, subscribers=["reader"], per_connection=4, lease_seconds=60)
        jobs.keep_pending(tx, sent, Pending("feed-9", timedelta(0)))
    command = [sys.executable, "-c", ASKING, dsn]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout is not None
        assert doomed.stdout.readline().strip() == "feed-9"
        doomed.send_signal(signal.SIGKILL)
    with database.write(actor="other") as tx:
        tx.execute("SELECT pg_sleep(0.6)")
    with database.write(actor="other") as tx:
        (again,) = jobs.lease_tasks(tx, subscribers=["reader"], per_connection=4, lease_seconds=60)
        assert (again.handle, again.attempts - again.forgiven) == ("feed-9", 2)
    database.close()
