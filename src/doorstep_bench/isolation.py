"""isolation: ten carriers at once, of which one takes 20 s for an answer: what the others, orders and mails lose by it.

Rounds alternate between a quick and a slow tenth carrier. In each, one worker buys labels from all ten, routes a burst
of orders and sends their mails, all at the same time; every queue's work is timed until its last row.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId
from doorstep_bench import meter, partners, rates, webhook, workload
from doorstep_bench.partners import Addresses
from doorstep_bench.rates import Stage
from doorstep_bench.scratch import wait_until

CONNECTIONS = 10
LATENCY_SECONDS, SLOW_SECONDS = 0.05, 20.0
LANES = ("labels of the others", "orders", "mails")
_SLOW = f"carrier-{CONNECTIONS - 1}"
_OPEN = "SELECT id FROM fulfillment_orders WHERE state = 'open' AND id > %s ORDER BY id"
# When the last row of each kind was written, in seconds since the epoch; null while one is missing.
_LABELS = """
    SELECT CASE WHEN bool_and(b.state = 'purchased') THEN max(extract(epoch FROM pg_xact_commit_timestamp(b.xmin)))::float8 END
      FROM label_purchases b JOIN connections c ON c.id = b.connection_id WHERE c.key <> %s
"""
_ORDERS = """
    SELECT CASE WHEN count(*) = %s THEN max(extract(epoch FROM pg_xact_commit_timestamp(e.xmin)))::float8 END
      FROM inbox i JOIN orders o ON o.trace_id = i.trace_id
      JOIN events e ON e.stream = 'order' AND e.stream_id = o.id AND e.type = 'order.allocated'
     WHERE i.id > %s
"""
_MAILS = """
    SELECT CASE WHEN count(*) FILTER (WHERE m.state <> 'sent') = 0 AND count(*) >= %s THEN max(extract(epoch FROM m.sent_at))::float8 END
      FROM messages m WHERE m.id > %s
"""


def run(stage: Stage, *, runs: int, count: int) -> dict[str, object]:
    """By lane: how long it took with ten quick carriers, divided by how long with a slow one (1: nothing lost)."""
    with (
        partners.serving(stage.scratch, ["shiphawk", "smtp"], {"shiphawk": {"latency_seconds": LATENCY_SECONDS}}) as quick,
        partners.serving(stage.scratch, ["shiphawk"], {"shiphawk": {"latency_seconds": LATENCY_SECONDS}}, called="slow") as slow,
    ):  # fmt: skip
        _connect(stage, quick, slow)
        found: list[dict[str, dict[str, float]]] = []
        for number in range(runs):
            pair = {}
            for name, seconds in (("quick", 0.0), ("slow", SLOW_SECONDS)):
                partners.slow_down(slow, "shiphawk", seconds=seconds)
                pair[name] = _round(stage, slow, seed=2 * number + bool(seconds), count=count)
            meter.say(f"isolation, round {number}: {pair}")
            found.append(pair)
    return {"connections": CONNECTIONS, "slow_seconds": SLOW_SECONDS, "lanes": {lane: _kept(lane, found) for lane in LANES}}  # fmt: skip


def _kept(lane: str, found: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, float]:
    quick, slow = (statistics.median(pair[name][lane] for pair in found) for name in ("quick", "slow"))
    return {"quick_seconds": round(quick, 2), "slow_seconds": round(slow, 2), "kept": round(quick / slow, 3)}


def _connect(stage: Stage, quick: Addresses, slow: Addresses) -> None:
    """A shop, a mail relay, and ten carriers, each the only one of a location or two."""
    webhook.connect(stage.scratch)
    partners.connect_mail(stage.scratch, quick)
    app = stage.scratch.app
    connector = app.registry.connector(Kind.CARRIERS, "shiphawk")
    with app.db.write(actor="bench") as tx:
        for number in range(CONNECTIONS):
            key = f"carrier-{number}"
            at = (slow if key == _SLOW else quick)["shiphawk"]
            account: dict[str, object] = {
                "base_url": f"{at['url']}/api/v4",
                "api_key": at["api_key"],
                "webhook_username": at["webhook_user"],
                "webhook_password": at["webhook_password"],
            }
            app.registry.configure(
                tx, key=key, connector=connector, name=key, settings=account, mode=Mode.LIVE
            )
        places = list(network_views.locations(tx).values())
        changed = [
            replace(place, carrier=f"carrier-{number % CONNECTIONS}") for number, place in enumerate(places)
        ]
        network.put(tx, locations=changed, at=workload.NOW)


def _round(stage: Stage, slow: Addresses, *, seed: int, count: int) -> dict[str, float]:
    """Seconds until each lane's last row, from the start of the worker's work."""
    packed = count // 4
    with stage.scratch.app.db.read() as tx:
        before = tx.value(int, "SELECT coalesce(max(id), 0) FROM inbox")
        mails = tx.value(int, "SELECT coalesce(max(id), 0) FROM messages")
    _pack(stage, series=910 + seed, count=packed)
    with webhook.serving(stage.scratch) as port:
        began = time.time()  # of the machine's clock, as the database's are
        webhook.send(stage.scratch, port, seed=930 + seed, count=count, rate=0)
        done = {
            "labels of the others": functools.partial(_last, stage, _LABELS, (_SLOW,)),
            "orders": functools.partial(_last, stage, _ORDERS, (count, before)),
            "mails": functools.partial(_last, stage, _MAILS, (count + packed, mails)),
        }
        wait_until(lambda: all(each() for each in done.values()), what="the other connections", seconds=300)
        seconds = {lane: round(each() - began, 3) for lane, each in done.items()}
        partners.slow_down(slow, "shiphawk", seconds=0)
        wait_until(lambda: _last(stage, _LABELS, ("",)) > 0, what="the slow carrier's labels", seconds=300)
    return seconds


def _last(stage: Stage, query: str, values: tuple[object, ...]) -> float:
    with stage.scratch.app.db.read() as tx:
        return tx.value(float, f"SELECT coalesce(({query}), 0)", values)


def _pack(stage: Stage, *, series: int, count: int) -> None:
    """Orders that wait for their labels when the worker starts."""
    app = stage.scratch.app
    with app.db.read() as tx:
        before = tx.value(int, "SELECT coalesce(max(id), 0) FROM fulfillment_orders")
    rates.take(stage.scratch, stage.orders(series, count))
    with app.db.read() as tx:
        waiting = tx.column(int, _OPEN, (before,))
    for each in waiting:
        app.db.transact(functools.partial(_pack_one, FulfillmentOrderId(each), stage), actor="bench")


def _pack_one(work_id: FulfillmentOrderId, stage: Stage, tx: WriteTx) -> None:
    now = stage.scratch.app.clock.now()
    fulfill.accept(tx, fulfillment_order_id=work_id, now=now)
    fulfill.pick_all(tx, fulfillment_order_id=work_id, now=now)
    packing.pack(tx, fulfillment_order_id=work_id, now=now)
