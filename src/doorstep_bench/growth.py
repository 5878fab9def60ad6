"""growth: the pipeline with more and more orders in the database, alternating with an empty database.

Other load on the machine slows both, so that their ratio is reliable.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from doorstep_bench import history, meter, rates
from doorstep_bench.rates import Stage

SIZES = (0, 100_000)
LONG_SIZES = (1_000_000, 5_000_000)


def run(grown: Stage, empty: Stage, *, sizes: Sequence[int], runs: int, count: int) -> dict[str, object]:
    """Medians by number of orders, the share of the empty database's rate, and PostgreSQL's work per order."""
    return {
        str(size): _at(grown, empty, size=size, series=700 + 40 * number, runs=runs, count=count)
        for number, size in enumerate(sizes)
    }


def _at(grown: Stage, empty: Stage, *, size: int, series: int, runs: int, count: int) -> dict[str, object]:
    history.fill(grown.scratch, size)
    grown_rates, empty_rates, work = [], [], []
    for run in range(runs + 1):
        empty_rates.append(rates.pipeline_rate(empty, empty.orders(series + run, count)))
        made = grown.orders(series + run, count)
        before = meter.read(grown.scratch)
        grown_rates.append(rates.pipeline_rate(grown, made))
        work.append(meter.per_order(before, meter.read(grown.scratch), count)["cpu_ms_postgres"])
    share = statistics.median(
        there / here for there, here in zip(grown_rates[1:], empty_rates[1:], strict=True)
    )
    rate = statistics.median(grown_rates[1:])
    meter.say(f"{size:,} orders: {rate:,.0f} orders/s, {share:.2f} of an empty database")
    return {
        "orders_per_second": round(rate, 1),
        "share_of_empty": round(share, 3),
        "cpu_ms_postgres": round(statistics.median(work[1:]), 3),
    }
