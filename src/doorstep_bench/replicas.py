"""replicas: one full inbox, and 1, 2 or 4 worker processes that parse and route it."""

from __future__ import annotations

import contextlib

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Arrival
from doorstep_bench import meter, payloads, webhook
from doorstep_bench.rates import Stage
from doorstep_bench.scratch import wait_until

WORKERS = (1, 2, 4)
_LEFT = "SELECT count(*) FROM inbox WHERE state = 0"
_RATE = """
    WITH done AS (SELECT pg_xact_commit_timestamp(xmin) AS at FROM inbox WHERE id > %s)
    SELECT (count(*) / extract(epoch FROM max(at) - min(at)))::float8
      FROM done WHERE at > (SELECT min(at) FROM done)
"""


def run(stage: Stage, *, count: int) -> dict[str, object]:
    """Orders per second from the first batch's commit to the last, by number of worker processes."""
    webhook.connect(stage.scratch)
    found: dict[str, object] = {}
    for workers in WORKERS:
        rate = _drained(stage, workers, count=count, seed=500 + workers)
        meter.say(f"{workers} worker processes: {rate:,.0f} orders/s")
        found[str(workers)] = round(rate, 1)
    return found


def _drained(stage: Stage, workers: int, *, count: int, seed: int) -> float:
    app = stage.scratch.app
    connection_id = app.registry.by_key(webhook.KEY).id
    arrivals = [
        Arrival(connection_id, f"{seed}-{number}", payloads.TOPIC, {}, call.body, f"{seed:016x}{number:016x}")
        for number, call in enumerate(payloads.calls(seed=seed, count=count))
    ]
    with app.db.read() as tx:
        before = tx.value(int, "SELECT coalesce(max(id), 0) FROM inbox")
    with app.db.write(actor="bench") as tx:
        connections.receive(tx, arrivals=arrivals)
    with contextlib.ExitStack() as started:
        for _ in range(workers):
            started.enter_context(stage.scratch.process("doorstep", "worker"))
        wait_until(lambda: _left(stage) == 0, what="the inbox to be processed")
    with app.db.read() as tx:
        return tx.value(float, _RATE, (before,))


def _left(stage: Stage) -> int:
    with stage.scratch.app.db.read() as tx:
        return tx.value(int, _LEFT)
