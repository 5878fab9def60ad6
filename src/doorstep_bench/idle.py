"""idle: the share of a core that web, worker and database use while nothing happens."""

from __future__ import annotations

import os
import time
from pathlib import Path

from doorstep_bench import history, meter, rates, webhook
from doorstep_bench.rates import Stage

SECONDS = 20.0
_SETTLE_SECONDS = 8.0
_SEED_ORDERS = 2_000


def run(stage: Stage, *, sizes: tuple[int, ...]) -> dict[str, object]:
    """Shares by number of orders in the database."""
    found: dict[str, object] = {}
    for size in sizes:
        if size:
            rates.pipeline_rate(stage, stage.orders(850, _SEED_ORDERS))
            history.fill(stage.scratch, size)
        found[str(size)] = _measured(stage)
        meter.say(f"idle with {size:,} orders: {found[str(size)]}")
    return found


def _measured(stage: Stage) -> dict[str, float]:
    webhook.connect(stage.scratch)
    with webhook.serving(stage.scratch):
        time.sleep(_SETTLE_SECONDS)
        before = _seconds(), meter.read(stage.scratch).postgres_seconds, time.perf_counter()
        time.sleep(SECONDS)
        after = _seconds(), meter.read(stage.scratch).postgres_seconds, time.perf_counter()
    length = after[2] - before[2]
    ours, postgres = (after[0] - before[0]) / length, (after[1] - before[1]) / length
    return {"ours": round(ours, 4), "postgres": round(postgres, 4), "together": round(ours + postgres, 4)}


def _seconds() -> float:
    """Processor time of all processes that this one started (and theirs), without the database's."""
    parents = {os.getpid()}
    ticks = 0
    children = sorted(_processes(), key=lambda each: each[0])
    for number, parent, name, used in children:
        if parent in parents and "postgres" not in name:
            parents.add(number)
            ticks += used
    return ticks / os.sysconf("SC_CLK_TCK")


def _processes() -> list[tuple[int, int, str, int]]:
    """Number, parent, name and processor ticks of every process."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            head, _, tail = (entry / "stat").read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = tail.split()
        found.append(
            (int(entry.name), int(fields[1]), head.partition("(")[2], int(fields[11]) + int(fields[12]))
        )
    return found
