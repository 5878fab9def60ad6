"""The supervisor of worker processes: one per queue, restarted when it dies, none left behind however it ends."""

from __future__ import annotations

import os
import signal

import pytest
from tests.builders import SHIRT, Retailer, line, order_snapshot
from tests.faults.processes import children, runs, supervised, until

from doorstep.kernel import jobs

_WAIT_SECONDS = 180.0  # it ends as soon as it is so; a machine may stand still for a while


def test_every_queue_has_its_process_and_one_that_dies_comes_back(retailer: Retailer) -> None:
    with supervised(retailer, "orders=1,steps+calls=1,messages=1") as process:
        before = children(process.pid)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(set(children(process.pid)) - set(before)) == 3)
        retailer.receive("shop", "order", order_snapshot(line(SHIRT)))
        until(lambda: retailer.read(lambda tx: tx.value(int, "SELECT count(*) FROM orders")) == 1)
        process.send_signal(signal.SIGTERM)
        process.wait(_WAIT_SECONDS)
        assert process.returncode == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_behind(retailer: Retailer, ending: signal.Signals) -> None:
    with supervised(retailer, "orders=2,files+calculations=1") as process:
        pids = children(process.pid)
        process.send_signal(ending)
        process.wait(_WAIT_SECONDS)
        until(lambda: not any(map(runs, pids)))


def test_one_queue_can_be_served_alone(retailer: Retailer) -> None:
    with supervised(retailer, "", "--queue", "orders") as process:
        retailer.receive("shop", "order", order_snapshot(line(SHIRT)))
        until(lambda: retailer.read(lambda tx: tx.value(int, "SELECT count(*) FROM orders")) == 1)
        assert children(process.pid) == []
        assert retailer.read(jobs.waiting) == {"email.order_confirmed": 1}
