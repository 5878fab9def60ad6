"""Run the benchmarks on a scratch database: `python -m doorstep_bench`, `doorstep bench`, `make bench`."""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from doorstep.kernel import log
from doorstep.kernel.collector import collect_rarely
from doorstep.kernel.signals import interrupt_on_every_signal
from doorstep_bench import growth, hot, meter, promise, rates, replicas, report, scratch, webhook, workload
from doorstep_bench.rates import Stage

PARTS = ("rates", "hot", "webhook", "promise", "replicas", "growth")


def arguments() -> argparse.Namespace:
    """What to measure, and how many runs."""
    options = argparse.ArgumentParser(prog="doorstep bench", description=__doc__)
    options.add_argument("--out", type=Path, help="also write the figures as JSON to this file")
    options.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    options.add_argument("--long", action="store_true", help="growth up to 5,000,000 orders (an hour, 40 GB)")
    options.add_argument("--only", action="append", choices=PARTS, help="measure only this (may be repeated)")
    options.add_argument("--orders", type=int, default=4_000, help="orders of one run")
    options.add_argument("--runs", type=int, default=5, help="runs; their median is the result")
    return options.parse_args()


def measure(chosen: argparse.Namespace) -> dict[str, object]:
    """Run the chosen parts, each on an installation of its own, so that none leaves work for another."""
    wanted = set(chosen.only or PARTS)
    figures: dict[str, object] = {}
    if "rates" in wanted:
        with _stocked() as stage:
            figures |= rates.compared(stage, runs=chosen.runs, count=chosen.orders)
    if "hot" in wanted:
        with _stocked() as stage:
            figures["hot"] = _hot(stage, chosen.runs)
    if "webhook" in wanted:
        with _stocked() as stage:
            figures["webhook"] = webhook.run(stage, runs=chosen.runs, count=chosen.orders)
    if "promise" in wanted:
        with _stocked(locations=promise.LOCATIONS, spread=promise.SPREAD) as stage:
            figures["promise"] = promise.run(stage)
    if "replicas" in wanted:
        with _stocked() as stage:
            figures["replicas"] = replicas.run(stage, count=chosen.orders)
    if "growth" in wanted:
        sizes = (*growth.SIZES, *((growth.LONG_SIZE,) if chosen.long else ()))
        with _stocked() as grown, _stocked() as empty:
            figures["growth"] = growth.run(grown, empty, sizes=sizes, runs=chosen.runs, count=chosen.orders)
    return figures


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
