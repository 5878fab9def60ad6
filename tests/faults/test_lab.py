"""kill -9 of the worker during a simulation: another one restarts and finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests import builders
from tests.builders import JACKET, Retailer, line, order_snapshot
from tests.flows.routing_rules.test_simulation_jobs import asked, run_of

_WAIT_SECONDS = 180.0  # it ends as soon as it is so; a machine may stand still for a while


@contextmanager
def worker(retailer: Retailer) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process of its own on the retailer's database."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    environment = clean | builders.environment(retailer.app) | {"DOORSTEP_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "doorstep", "worker"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """Kill the worker with the processes of all its queues."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def until(what: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + _WAIT_SECONDS
    while not what():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def test_a_simulation_outlives_its_worker(retailer: Retailer) -> None:
    for _ in range(3):
        retailer.place_order(order_snapshot(line(JACKET, 1)))
    run_id = asked(retailer, None)
    retailer.write(lambda tx: tx.execute("UPDATE lab_runs SET batch_seconds = 5"))
    with worker(retailer) as first:
        until(lambda: run_of(retailer, run_id).state == "running")
        kill(first)
    assert run_of(retailer, run_id).state == "running"
    retailer.write(lambda tx: tx.execute("UPDATE lab_runs SET lease_until = now(), batch_seconds = 0"))
    with worker(retailer):
        until(lambda: run_of(retailer, run_id).is_over)
    run = run_of(retailer, run_id)
    assert (run.state, run.attempts, run.changed) == ("done", 2, 0)
    assert run.before is not None
    assert run.before.orders == 3
