"""Rehearse a connector: our processes on one side, the vendor's server on the other, and what must be true at the end."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests import clock
from tests.builders import Retailer
from tests.faults import processes
from tests.partners import Partners

from doorstep.kernel import jobs

# As in the demo: seconds instead of hours, so that a rehearsal ends soon.
_PACE = {
    "RETRY_BASE_SECONDS": "0.2",
    "RETRY_LONGEST_SECONDS": "2",
    "HTTP_TIMEOUT_SECONDS": "5",
    "LEASE_SECONDS": "8",
    "POLL_SECONDS": "0.25",
    "MAX_ATTEMPTS": "60",
    "WORKER_PROCESSES": "orders+steps=1,calls+messages+files+calculations=1",
    "LOG_LEVEL": "warning",
}
# What becomes due by the time of the database, which a test cannot move: it is due so much earlier instead.
_DUE = {
    "feed_readings": "due_at",
    "fetches": "run_at",
    "inbox": "run_at",
    "deliveries": "run_at",
    "schedules": "next_run_at",
    "partner_circuits": "open_until",
    "call_budgets": "next_at",
}


@dataclass
class Rehearsal:
    """A rehearsal that runs. `web` is our address; `log` what the processes said."""

    retailer: Retailer
    web: str
    log: Path

    def until(self, what: Callable[[], bool], *, seconds: float = 180.0) -> None:
        processes.until(what, seconds=seconds, else_=self.left)

    def left(self) -> str:
        """What is not done, and why."""
        feeds = "SELECT feed, state, error, due_at - now() AS due FROM feed_readings WHERE ends_at IS NULL"
        fetches = "SELECT external_id, attempts, error FROM fetches"
        messages = "SELECT medium, state, error, count(*) FROM messages GROUP BY 1, 2, 3"
        rows = [
            row
            for each in (feeds, fetches, messages)
            for row in self.retailer.read(lambda tx, q=each: tx.rows(q))
        ]
        found = [
            *self.retailer.read(jobs.open_work),
            *map(str, rows),
            *map(str, self.retailer.dead_letters()),
        ]
        return "\n".join([*found, self.log.read_text(errors="replace")[-4000:]])

    def pass_time(self, seconds: float) -> None:
        """So much time passes at once, for us and for the vendor."""
        clock.set_to(clock.CLOCK.now() + timedelta(seconds=seconds))
        for table, column in _DUE.items():
            statement = f"UPDATE {table} SET {column} = {column} - make_interval(secs => %s)"
            self.retailer.write(lambda tx, s=statement: tx.execute(s, (seconds,)))
        earlier = "UPDATE call_budgets SET blocked_until = blocked_until - make_interval(secs => %s)"
        self.retailer.write(lambda tx: tx.execute(earlier, (seconds,)))

    def until_in_time(self, what: Callable[[], bool], *, minutes: int = 40) -> None:
        """Wait until it is so, while minutes pass."""
        for _ in range(minutes):
            with contextlib.suppress(AssertionError):
                self.until(what, seconds=0.7)
                return
            self.pass_time(60)
        self.until(what, seconds=0.7)

    def is_quiet(self) -> bool:
        """Whether nothing waits to be done here. What a partner finishes later is waited for, too."""
        statement = """
            SELECT (SELECT count(*) FROM inbox WHERE state = 0) + (SELECT count(*) FROM fetches)
                 + (SELECT count(*) FROM deliveries WHERE state < 3)
                 + (SELECT count(*) FROM feed_readings WHERE error IS NOT NULL)
        """
        return self.retailer.read(lambda tx: tx.value(int, statement)) == 0

    def settle(self, *, seconds: float = 180.0) -> None:
        """Wait until all is done."""
        self.until(self.is_quiet, seconds=seconds)

    def drift(self) -> list[object]:
        """What `doorstep ledger verify` finds."""
        found: list[object] = json.loads(processes.output(self.retailer, "ledger", "verify", "--json"))[
            "drift"
        ]
        return found

    def has_failed(self, partners: Partners, name: str) -> bool:
        """Whether every fault that the partner was given has happened."""
        return all(each["hits"] for each in partners.get(name, "faults")["faults"])

    def placed(self, key: str) -> Counter[str]:
        """How often each order of a connection was placed here, by the channel's own id."""
        statement = """
            SELECT o.external_id FROM orders o JOIN events e ON e.stream = 'order' AND e.stream_id = o.id
             WHERE o.connection_id = %s AND e.type = 'order.placed'
        """
        connection_id = self.retailer.connection_ids[key]
        return Counter(self.retailer.read(lambda tx: tx.column(str, statement, (connection_id,))))


@contextmanager
def rehearsed(
    retailer: Retailer, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Rehearsal]:
    """Our web and worker processes, until the rehearsal ends."""
    log = folder / "processes.log"
    with processes.installed(retailer, _PACE | dict(settings or {}), log=log) as web:
        yield Rehearsal(retailer, web, log)
