"""Run the routing benchmark: `python -m doorstep_bench.routing`, `make bench-routing`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from doorstep.kernel.collector import collect_rarely
from doorstep.kernel.signals import interrupt_on_every_signal
from doorstep_bench.routing import batches, figures, multi, pool, single, speed
from doorstep_bench.routing.multi import Family, Variant
from doorstep_bench.routing.stage import Outcome

PARTS = ("speed", "A", "B", "C", "batch")
Figures = dict[str, object]


def arguments() -> argparse.Namespace:
    """What to measure, and how many seeds."""
    options = argparse.ArgumentParser(prog="doorstep_bench.routing", description=__doc__)
    options.add_argument("--out", type=Path, help="also write the figures as JSON to this file")
    options.add_argument("--plots", type=Path, help="also draw plots into this folder")
    options.add_argument("--long", action="store_true", help="all seeds (an hour) instead of a few (minutes)")
    options.add_argument("--only", action="append", choices=PARTS, help="measure only this (may be repeated)")
    return options.parse_args()


def main() -> None:
    """Measure, print, write."""
    chosen = arguments()
    interrupt_on_every_signal()
    collect_rarely()
    parts: dict[str, Callable[[bool], Figures]] = {
        "speed": _speed,
        "A": _family_a,
        "B": _family_b,
        "C": _family_c,
        "batch": _batch,
    }
    measured = {name: parts[name](chosen.long) for name in PARTS if name in (chosen.only or PARTS)}
    if chosen.out:
        chosen.out.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if chosen.plots:
        _draw(measured, chosen.plots)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _speed(long: bool) -> Figures:
    row = speed.measured(5 if long else 3)
    _say(
        f"\nOrder by order, {speed.LOCATIONS} locations, 2.5 lines: {row['orders_per_second']:,g} orders/s on one core; "
        f"an explanation has {row['explanation_bytes_mean']:,g} bytes (95 % have at most {row['explanation_bytes_p95']:,g})"
    )
    return dict(row)


def _family_a(long: bool) -> Figures:
    result: Figures = {}
    for variant in multi.VARIANTS:
        rows = {name: each.row() for name, each in _family(variant, long).outcomes().items()}
        _say(
            f"\nFamily {variant.name} (bound: the linear program that knows all orders)\n\n{figures.table(rows)}"
        )
        result[variant.name] = rows
    return result


def _family(variant: Variant, long: bool) -> Family:
    if not long:
        return Family(variant, instances=2, sequences=1, solves=20)
    instances = 15 if variant.name == "A2" else 8
    return Family(variant, instances=instances, sequences=2, solves=50)


def _family_b(long: bool) -> Figures:
    outcomes = single.Family(80 if long else 20).outcomes()
    result: Figures = {}
    for size, each in outcomes.items():
        rows = {name: outcome.row() for name, outcome in each.items()}
        row = {**rows, "gap_closed_percent": _closed([each]), "saving_percent": _saving(each)}
        result[str(size)] = row
        _say(
            f"\nFamily B, {size} orders expected: {row['gap_closed_percent']} % of the myopic gap closed, "
            f"{row['saving_percent']} % saved\n\n{figures.table(rows)}"
        )
    pooled = _closed([outcomes[30], outcomes[100]])
    _say(f"\nFamily B, 30 and 100 pooled: {pooled} % of the myopic gap closed")
    return {**result, "pooled_gap_closed_percent": pooled}


def _closed(outcomes: list[dict[str, Outcome]]) -> float:
    """The share of the gap between the myopic policy and the optimum in hindsight that is closed, in percent."""
    saved = sum(each[single.MYOPIC].dollars - each[single.SCARCITY].dollars for each in outcomes)
    gap = sum(each[single.MYOPIC].dollars - each[single.MYOPIC].bound for each in outcomes)
    return round(100 * saved / gap, 1)


def _saving(outcomes: Mapping[str, Outcome]) -> float:
    return round(100 * (1 - outcomes[single.SCARCITY].dollars / outcomes[single.MYOPIC].dollars), 2)


def _family_c(long: bool) -> Figures:
    row = pool.outcome(5 if long else 2).row()
    _say(
        f"\nFamily C, shipments beyond one per order, per 100 orders: {row['extra_per_100']}; "
        f"bound {row['bound_per_100']}, {row['seconds_per_batch']} s a batch"
    )
    return dict(row)


def _batch(long: bool) -> Figures:
    sizes = ((200, 12), (1_000, 30))
    result: Figures = {}
    for orders, locations in sizes:
        gain = batches.gain(orders, locations, seconds=pool.SECONDS)
        result[f"{orders} x {locations}"] = {
            "greedy": round(gain.greedy),
            "solved": round(gain.solved),
            "percent_below": round(gain.percent, 2),
            "waiting_lines_before": gain.waiting_before,
            "waiting_lines_after": gain.waiting_after,
            "gap_percent": gain.gap_percent,
            "seconds": gain.seconds,
            "steps": [(round(at, 2), round(share, 4)) for at, share in gain.steps],
        }
        _say(
            f"\nBatch of {orders} orders × {locations} locations: {gain.percent:.1f} % saved against order by order "
            f"in {gain.seconds:g} s ({gain.how}, at most {gain.gap_percent:g} % above the optimum); backordered lines: {gain.waiting_before} → {gain.waiting_after}"
        )
    return result


def _draw(measured: Mapping[str, Figures], folder: Path) -> None:
    """Plots of the results."""
    if families := measured.get("A"):
        rows = {name: each for name, each in families.items() if isinstance(each, dict)}
        (folder / "routing-bound.svg").write_text(figures.ratios(rows), encoding="utf-8")
    batch = (measured.get("batch") or {}).get("1000 x 30")
    if isinstance(batch, dict):
        (folder / "routing-batch.svg").write_text(
            figures.gains(batch["steps"], pool.SECONDS), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
