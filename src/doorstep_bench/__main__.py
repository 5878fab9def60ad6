"""Run the benchmarks on a scratch database of their own: `python -m doorstep_bench`, `doorstep bench`, `make bench`."""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from doorstep.kernel import log
from doorstep_bench import history, hot, meter, rates, replicas, report, scratch, webhook, workload
from doorstep_bench.rates import Stage

PARTS = ("rates", "hot", "webhook", "replicas", "growth")
SIZES = (100_000, 1_000_000)
LONG_SIZE = 5_000_000


def arguments() -> argparse.Namespace:
    """What to measure, and how thoroughly."""
    options = argparse.ArgumentParser(prog="doorstep bench", description=__doc__)
    options.add_argument("--out", type=Path, help="also write the figures as JSON to this file")
    options.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    options.add_argument("--long", action="store_true", help="growth up to 5,000,000 orders (an hour, 40 GB)")
    options.add_argument("--only", action="append", choices=PARTS, help="measure only this (may be repeated)")
    options.add_argument("--orders", type=int, default=4_000, help="orders of one run")
    options.add_argument("--runs", type=int, default=5, help="runs whose median counts")
    return options.parse_args()


def measure(chosen: argparse.Namespace) -> dict[str, object]:
    """Every part that was asked for; growth on an installation of its own, which begins empty."""
    wanted = set(chosen.only or PARTS)
    figures: dict[str, object] = {}
    if wanted != {"growth"}:
        with _stocked() as stage:
            figures |= _at_today(stage, chosen, wanted)
    if "growth" in wanted:
        with _stocked() as stage:
            figures["growth"] = _growth(stage, chosen)
    return figures


@contextlib.contextmanager
def _stocked() -> Iterator[Stage]:
    with scratch.installation() as place:
        meter.say("stocking 500 SKUs at 12 locations")
        yield Stage(place, *workload.stock_up(place.app))


def _at_today(stage: Stage, chosen: argparse.Namespace, wanted: Collection[str]) -> dict[str, object]:
    figures: dict[str, object] = {}
    if "rates" in wanted:
        figures |= rates.compared(stage, runs=chosen.runs, count=chosen.orders)
    if "hot" in wanted:
        figures["hot"] = _hot(stage, chosen.runs)
    if "webhook" in wanted:
        figures["webhook"] = webhook.run(stage, runs=chosen.runs, count=chosen.orders)
    if "replicas" in wanted:
        figures["replicas"] = replicas.run(stage, count=chosen.orders)
    return figures


def _hot(stage: Stage, runs: int) -> dict[str, object]:
    """The median of the runs; every one must serve exactly as many as there are pieces."""
    found = [hot.run(stage, series=600 + number) for number in range(runs)]
    rate = statistics.median(float(str(each["attempts_per_second"])) for each in found)
    return {"attempts_per_second": rate, "served": found[0]["served"]}


def _growth(stage: Stage, chosen: argparse.Namespace) -> dict[str, object]:
    """The pipeline's median with ever more orders in the database."""
    found: dict[str, object] = {}
    for number, size in enumerate((0, *SIZES, *((LONG_SIZE,) if chosen.long else ()))):
        history.fill(stage.scratch, size)
        measured = [
            rates.pipeline_rate(stage, stage.orders(700 + 20 * number + run, chosen.orders))
            for run in range(chosen.runs + 1)
        ]
        found[str(size)] = round(statistics.median(measured[1:]), 1)
        meter.say(f"{size:,} orders: {found[str(size)]} orders/s")
    return found


def main() -> int:
    """Measure, print, write."""
    chosen = arguments()
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
