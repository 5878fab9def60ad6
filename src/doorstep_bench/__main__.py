"""Run the benchmarks on a scratch database: `python -m doorstep_bench`, `doorstep bench`, `make bench`."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from doorstep.kernel import log
from doorstep.kernel.collector import collect_rarely
from doorstep.kernel.signals import interrupt_on_every_signal
from doorstep_bench import (
    growth,
    hot,
    idle,
    isolation,
    lifecycle,
    messages,
    meter,
    pages,
    promise,
    rates,
    replicas,
    report,
    scratch,
    sustained,
    webhook,
    workload,
)
from doorstep_bench.rates import Stage

PARTS = (
    "rates",
    "hot",
    "messages",
    "webhook",
    "sustained",
    "lifecycle",
    "isolation",
    "idle",
    "pages",
    "promise",
    "replicas",
    "growth",
)
_SUSTAINED_SECONDS, _LONG_SECONDS = 120.0, 600.0
_LIVES, _LONG_LIVES = 400, 2_000  # orders from webhook to delivered
_MANY, _MOST = 100_000, 1_000_000  # orders in the database for pages, usually and in the long run


def arguments() -> argparse.Namespace:
    """What to measure, and how many runs."""
    options = argparse.ArgumentParser(prog="doorstep bench", description=__doc__)
    options.add_argument("--out", type=Path, help="also write the figures as JSON to this file")
    options.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    options.add_argument(
        "--long",
        action="store_true",
        help="ten minutes sustained, 1,000,000 and 5,000,000 orders (hours, 40 GB)",
    )
    options.add_argument("--only", action="append", choices=PARTS, help="measure only this (may be repeated)")
    options.add_argument("--orders", type=int, default=4_000, help="orders of one run")
    options.add_argument("--runs", type=int, default=5, help="runs; their median is the result")
    return options.parse_args()


def measure(chosen: argparse.Namespace) -> dict[str, object]:
    """Run the chosen parts, in their order."""
    wanted = set(chosen.only or PARTS)
    figures: dict[str, object] = {}
    for part, found in _measured(chosen, wanted).items():
        figures |= found() if part == "rates" else {part: found()}
    return figures


def _measured(chosen: argparse.Namespace, wanted: set[str]) -> dict[str, Callable[[], dict[str, object]]]:
    """What measures each wanted part."""
    seconds, most = (_LONG_SECONDS, _MOST) if chosen.long else (_SUSTAINED_SECONDS, _MANY)
    runs, count, few = chosen.runs, chosen.orders, min(chosen.runs, 3)
    every: dict[str, Callable[[Stage], dict[str, object]]] = {
        "rates": lambda stage: dict(rates.compared(stage, runs=runs, count=count)),
        "hot": lambda stage: _hot(stage, runs),
        "messages": lambda stage: messages.run(stage, runs=few, count=count),
        "webhook": lambda stage: webhook.run(stage, runs=runs, count=count),
        "sustained": lambda stage: sustained.run(stage, seconds=seconds, count=count),
        "isolation": lambda stage: isolation.run(stage, runs=min(few, 2), count=count // 2),
        "idle": lambda stage: idle.run(stage, sizes=(0, _MOST) if chosen.long else (0,)),
        "pages": lambda stage: pages.run(stage, size=most),
        "promise": promise.run,
        "replicas": lambda stage: replicas.run(stage, count=count),
        "growth": lambda stage: _growth(stage, chosen),
    }
    found = {part: functools.partial(_staged, part, every[part]) for part in every}
    lives = functools.partial(
        lifecycle.run, count=_LONG_LIVES if chosen.long else _LIVES
    )  # a stage of its own
    return {part: lives if part == "lifecycle" else found[part] for part in PARTS if part in wanted}


def _staged(part: str, measured: Callable[[Stage], dict[str, object]]) -> dict[str, object]:
    """Measure one part on an installation of its own, so that none leaves work for another."""
    stocked = (
        _stocked(locations=promise.LOCATIONS, spread=promise.SPREAD) if part == "promise" else _stocked()
    )
    with stocked as stage:
        return measured(stage)


def _growth(grown: Stage, chosen: argparse.Namespace) -> dict[str, object]:
    sizes = (*growth.SIZES, *(growth.LONG_SIZES if chosen.long else ()))
    with _stocked() as empty:
        return growth.run(grown, empty, sizes=sizes, runs=chosen.runs, count=chosen.orders)


@contextlib.contextmanager
def _stocked(*, locations: int = 12, spread: float = 1.0) -> Iterator[Stage]:
    with scratch.installation() as location:
        meter.say(f"stocking 500 SKUs at {locations} locations")
        yield Stage(location, *workload.stock_up(location.app, locations=locations, spread=spread))


def _hot(stage: Stage, runs: int) -> dict[str, object]:
    """The median of the runs; each run must serve exactly as many orders as there are units."""
    found = [hot.run(stage, series=600 + number) for number in range(runs)]
    rate = statistics.median(float(str(each["attempts_per_second"])) for each in found)
    return {"attempts_per_second": rate, "served": found[0]["served"]}


def main() -> int:
    """Measure, print, write."""
    chosen = arguments()
    interrupt_on_every_signal()
    collect_rarely()
    log.configure(style="console", level="error", stream=sys.stderr)
    figures = measure(chosen)
    text = json.dumps(figures, indent=2)
    if chosen.json:
        sys.stdout.write(f"{text}\n")
    else:
        report.show(figures)
    if chosen.out:
        chosen.out.write_text(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
