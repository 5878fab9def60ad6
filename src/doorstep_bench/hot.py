"""hot: many buyers want one SKU at once. 64 buyers with one order each at a time, 2,000 attempts, 500 units."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.orders.actions import Incoming
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku
from doorstep_bench import meter, workload
from doorstep_bench.rates import Stage, take
from doorstep_bench.scratch import BATCH, Scratch

STOCK, ATTEMPTS, BUYERS = 500, 2_000, 64
GATHER_SECONDS = 0.002
_SERVED = """
    SELECT count(*) FROM orders o WHERE o.external_id = ANY(%s)
       AND EXISTS (SELECT 1 FROM fulfillment_orders f WHERE f.order_id = o.id)
"""


def run(stage: Stage, *, series: int) -> dict[str, object]:
    """Attempts per second, and how many were served: exactly as many as there are units, or the run is invalid."""
    sku = workload.HOT
    _set_stock(stage, sku)
    made = list(
        workload.orders(stage.connection_id, seed=series, first=series * 1_000_000, count=ATTEMPTS, sku=sku)
    )
    market = _Market(stage.scratch)
    rate = meter.timed(lambda: market.open(made), ATTEMPTS)
    with stage.scratch.app.db.read() as tx:
        served = tx.value(int, _SERVED, ([each.snapshot.external_id for each in made],))
    if served != STOCK:
        raise errors.Conflict(f"{served} of {ATTEMPTS} were served from {STOCK} units.")
    return {"attempts_per_second": round(rate, 1), "served": served}


def _set_stock(stage: Stage, sku: Sku) -> None:
    """All stock at one location, unreserved."""
    with stage.scratch.app.db.write(actor="bench") as tx:
        for row in stock.page(tx, wanted=stock.StockFilter(text=sku, limit=1)).rows:
            wanted = STOCK if row.location_id == stage.locations[0] else 0
            free = Correction(sku, LocationId(row.location_id), "bench", set_to=row.reserved + wanted)
            inventory.adjust(tx, correction=free, at=workload.NOW)


@dataclass(slots=True)
class _Market:
    """Buyers who wait for their order's result before they order again, and a worker that processes all waiting orders together."""

    scratch: Scratch
    wanted: queue.SimpleQueue[tuple[Incoming, threading.Event]] = field(default_factory=queue.SimpleQueue)
    closed: threading.Event = field(default_factory=threading.Event)

    def open(self, made: Sequence[Incoming]) -> None:
        """Run until every order has its result."""
        buyers = [
            threading.Thread(target=self._buy, args=(made[number::BUYERS],)) for number in range(BUYERS)
        ]
        worker = threading.Thread(target=self._serve)
        for each in (worker, *buyers):
            each.start()
        for each in buyers:
            each.join()
        self.closed.set()
        worker.join()

    def _buy(self, mine: Sequence[Incoming]) -> None:
        for order in mine:
            answered = threading.Event()
            self.wanted.put((order, answered))
            answered.wait()

    def _serve(self) -> None:
        """Process one batch after the other, like a worker; buyers order again during the wait."""
        while not self.closed.wait(GATHER_SECONDS):
            batch = self._waiting()
            if batch:
                take(self.scratch, [order for order, _ in batch])
            for _, answered in batch:
                answered.set()

    def _waiting(self) -> list[tuple[Incoming, threading.Event]]:
        batch: list[tuple[Incoming, threading.Event]] = []
        with contextlib.suppress(queue.Empty):
            while len(batch) < BATCH:
                batch.append(self.wanted.get_nowait())
        return batch
