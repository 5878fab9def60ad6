"""Run the benchmarks on a scratch database of their own: `python -m bench [--out FILE] [--orders N] [--runs N]`."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench import bound, workload
from doorstep.bootstrap import App, open_app
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Incoming
from doorstep.flows import intake
from doorstep.kernel import log, settings
from doorstep.kernel.db import WriteTx

BATCH = 200
HOT_STOCK, HOT_ATTEMPTS, HOT_THREADS = 500, 2_000, 16


@contextmanager
def scratch() -> Iterator[App]:
    """An installation in a folder of its own: embedded, durable (fsync and synchronous_commit on)."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-bench-"))
    folder.chmod(0o711)
    chosen = settings.load(
        environment="test", data_dir=folder / "data", pool_size=HOT_THREADS + 4, database_url=None
    )
    (folder / "data").mkdir(mode=0o711)
    try:
        with open_app(chosen, migrate=True) as app:
            yield app
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take(app: App, tx: WriteTx, batch: Sequence[Incoming]) -> None:
    """What intake does with a batch of orders."""
    intake.take(tx, incoming=batch, serviceable=app.world.serviceable, now=workload.NOW)


def measure(name: str, runs: int, count: int, work: Callable[[int], None]) -> dict[str, object]:
    """Orders a second: the median of the runs, and all of them."""
    rates = []
    for run in range(runs):
        began = time.perf_counter()
        work(run)
        rates.append(round(count / (time.perf_counter() - began), 1))
    rate = statistics.median(rates)
    sys.stdout.write(f"{name:<10} {rate:>9,.0f} orders/s   ({', '.join(f'{each:,.0f}' for each in rates)})\n")
    return {"orders_per_second": rate, "runs": rates}


def batches(connection_id: int, count: int, *, first: int) -> list[list[Incoming]]:
    """The workload, made before the clock starts."""
    made = list(workload.orders(connection_id, seed=first, first=first, count=count))
    return [made[start : start + BATCH] for start in range(0, count, BATCH)]


def hot(app: App, connection_id: int, place: int) -> dict[str, object]:
    """One SKU with 500 pieces, 2,000 buyers at once: exactly 500 are served."""
    sku = workload.SKUS[0]
    with app.db.write(actor="bench") as tx:
        for row in stock.page(tx, wanted=stock.StockFilter(text=sku, limit=1)).rows:
            wanted = HOT_STOCK if row.location_id == place else 0
            free = Correction(sku, row.location_id, "bench", set_to=row.reserved + wanted)  # type: ignore[arg-type]  # ids of rows are plain numbers
            inventory.adjust(tx, correction=free, at=workload.NOW)
    made = list(workload.orders(connection_id, seed=9, first=90_000_000, count=HOT_ATTEMPTS, sku=sku))

    def buy(mine: Sequence[Incoming]) -> None:
        for start in range(0, len(mine), BATCH // 8):
            with app.db.write(actor="bench") as tx:
                take(app, tx, mine[start : start + BATCH // 8])

    began = time.perf_counter()
    threads = [
        threading.Thread(target=buy, args=(made[number::HOT_THREADS],)) for number in range(HOT_THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = HOT_ATTEMPTS / (time.perf_counter() - began)
    with app.db.read() as tx:
        served = tx.value(
            int,
            "SELECT count(*) FROM fulfillment_orders f JOIN orders o ON o.id = f.order_id WHERE o.external_id::bigint >= 90000000",
        )
    sys.stdout.write(
        f"{'hot':<10} {rate:>9,.0f} attempts/s, {served} of {HOT_ATTEMPTS} served from {HOT_STOCK}\n"
    )
    return {"attempts_per_second": round(rate, 1), "served": served}


def main() -> int:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path)
    options.add_argument("--orders", type=int, default=2_000)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    log.configure(style="console", level="error", stream=sys.stderr)
    with scratch() as app:
        connection_id, places = workload.stock_up(app)
        todo = [
            batches(connection_id, chosen.orders, first=1_000_000 * (run + 1))
            for run in range(2 * chosen.runs + 1)
        ]
        with psycopg.connect(app.server.url) as bare:
            yardstick = measure(
                "bound", chosen.runs, chosen.orders,
                lambda run: [bound.write(bare, batch, location_id=places[0]) for batch in todo[run]] and None,
            )  # fmt: skip

        def pipeline(run: int) -> None:
            for batch in todo[chosen.runs + run]:
                with app.db.write(actor="bench") as tx:
                    take(app, tx, batch)

        figures = {"bound": yardstick, "pipeline": measure("pipeline", chosen.runs, chosen.orders, pipeline)}
        figures["hot"] = hot(app, connection_id, places[0])
    ratio = float(str(figures["pipeline"]["orders_per_second"])) / float(str(yardstick["orders_per_second"]))
    sys.stdout.write(f"pipeline / bound: {ratio:.2f}\n")
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
