"""bound and pipeline: the same number of orders written by a bare program and processed by ours, alternating."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from doorstep.domain.orders.actions import Incoming
from doorstep.flows.capture import intake
from doorstep.kernel.ids import LocationId
from doorstep_bench import bound, meter, workload
from doorstep_bench.scratch import BATCH, Scratch

BOUND_BATCH = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation with the workload's catalog and stock, and the next free order number."""

    scratch: Scratch
    connection_id: int
    locations: Sequence[LocationId]

    def orders(self, series: int, count: int) -> list[Incoming]:
        """Orders of a new series, created before the clock starts and frozen for the garbage collector."""
        made = list(workload.orders(self.connection_id, seed=series, first=series * 1_000_000, count=count))
        gc.collect()
        gc.freeze()
        return made


def compared(stage: Stage, *, runs: int, count: int) -> dict[str, dict[str, object]]:
    """Medians of both, and the pipeline's cost per order. The first run of each is a warm-up."""
    bare, ours, costs = [], [], []
    for run in range(runs + 1):
        bare.append(bare_rate(stage, stage.orders(100 + run, count)))
        made = stage.orders(200 + run, count)
        before = meter.read(stage.scratch)
        ours.append(pipeline_rate(stage, made))
        costs.append(meter.per_order(before, meter.read(stage.scratch), count))
        meter.say(f"run {run}: bound {bare[-1]:,.0f}, pipeline {ours[-1]:,.0f} orders/s")
    cost = {name: statistics.median(each[name] for each in costs[1:]) for name in costs[0]}
    return {"bound": meter.rates(bare[1:]), "pipeline": meter.rates(ours[1:]) | {"per_order": cost}}


def bare_rate(stage: Stage, made: Sequence[Incoming]) -> float:
    """Orders per second of the bare program, 200 per transaction, with psycopg's COPY."""
    with psycopg.connect(stage.scratch.url) as connection:

        def work() -> None:
            for start in range(0, len(made), BOUND_BATCH):
                batch = made[start : start + BOUND_BATCH]
                bound.write(connection, batch, location_id=stage.locations[0])

        return meter.timed(work, len(made))


def pipeline_rate(stage: Stage, made: Sequence[Incoming]) -> float:
    """Orders per second from a channel's snapshots to open fulfillment orders, one process, a worker's batches."""

    def work() -> None:
        for start in range(0, len(made), BATCH):
            take(stage.scratch, made[start : start + BATCH])

    return meter.timed(work, len(made))


def take(scratch: Scratch, batch: Sequence[Incoming]) -> None:
    """Process a batch of orders like a worker, in one transaction."""
    app = scratch.app
    with app.db.write(actor="bench") as tx:
        intake.capture_orders(tx, incoming=batch, serviceable=app.context.serviceable, now=app.clock.now())
