"""sustained: minutes at 70 % of what the whole installation completes, a mail for every order really handed over.

First the rate at which every queue stays flat: a burst is sent, and the time until all of its work is done, mails
included, gives orders per second. Then 70 % of it is sent evenly, while the backlog of every queue is watched.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from doorstep.domain.notifications.model import MessageState
from doorstep_bench import meter, partners, webhook
from doorstep_bench.client import Report
from doorstep_bench.rates import Stage
from doorstep_bench.scratch import wait_until

SHARE = 0.7
_EVERY_SECONDS = 1.0
_BACKLOG = """
    SELECT 'orders' AS queue, count(*) AS n FROM inbox WHERE state = 0
     UNION ALL SELECT 'orders due', count(*) FROM order_routing WHERE due_at <= now()
     UNION ALL SELECT CASE WHEN subscriber LIKE 'email.%%' THEN 'messages' ELSE 'steps and calls' END, count(*)
                 FROM deliveries WHERE state IN (0, 1) GROUP BY 1
"""
_ROUTED = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(e.xmin))::float8 AS routed_at,
           extract(epoch FROM i.received_at)::float8 AS received_at
      FROM inbox i JOIN orders o ON o.trace_id = i.trace_id
      JOIN events e ON e.stream = 'order' AND e.stream_id = o.id AND e.type = 'order.allocated'
     WHERE i.id > %s
"""


@dataclass(slots=True)
class Watch:
    """The backlog of every queue, once a second while the block runs."""

    stage: Stage
    samples: dict[str, list[int]] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until ended."""
        while not self._ended.wait(_EVERY_SECONDS):
            now = backlog(self.stage)
            for queue in ("orders", "orders due", "messages", "steps and calls"):
                self.samples.setdefault(queue, []).append(now.get(queue, 0))

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()


def backlog(stage: Stage) -> Mapping[str, int]:
    """What waits in each queue now."""
    with stage.scratch.app.db.read() as tx:
        return {str(row["queue"]): int(str(row["n"])) for row in tx.rows(_BACKLOG)}


def run(stage: Stage, *, seconds: float, count: int) -> dict[str, object]:
    """Waiting times, backlogs and the last minute's share of the first, at 70 % of what is completed per second."""
    webhook.connect(stage.scratch)
    with partners.serving(stage.scratch, ["smtp"]) as at:
        partners.connect_mail(stage.scratch, at)
        with webhook.serving(stage.scratch) as port:
            completed = _completed(stage, port, count=count)
            rate = SHARE * completed
            meter.say(f"completed with mails: {completed:,.0f} orders/s; {rate:,.0f}/s for {seconds:,.0f} s")
            return {"completed_per_second": round(completed, 1)} | _steady(
                stage, port, rate=rate, seconds=seconds
            )


def _completed(stage: Stage, port: int, *, count: int) -> float:
    """Orders per second from the first webhook until no queue has anything left; the second of two bursts counts."""
    rate = 0.0
    for seed in (900, 901):
        began = time.perf_counter()
        _send(port, rate=100_000, seconds=count / 100_000, seed=seed)
        _drain(stage)
        rate = count / (time.perf_counter() - began)
    return rate


def _drain(stage: Stage) -> None:
    wait_until(lambda: not any(backlog(stage).values()), what="every queue to be empty", seconds=600)


def _steady(stage: Stage, port: int, *, rate: float, seconds: float) -> dict[str, object]:
    with stage.scratch.app.db.read() as tx:
        before = tx.value(int, "SELECT coalesce(max(id), 0) FROM inbox")
        mails_before = tx.value(int, "SELECT count(*) FROM messages")
    watch = Watch(stage)
    thread = threading.Thread(target=watch.run)
    thread.start()
    report = _send(port, rate=rate, seconds=seconds, seed=902)
    watch.end()
    thread.join()
    _drain(stage)
    with stage.scratch.app.db.read() as tx:
        rows = tx.rows(_ROUTED, (before,))
        sent = tx.value(int, "SELECT count(*) FROM messages WHERE state = %s", (MessageState.SENT.value,))
    times = [(float(str(row["received_at"])), float(str(row["routed_at"]))) for row in rows]
    return {
        "offered_per_second": round(rate, 1),
        "seconds": seconds,
        "refused": report.refused,
        "acknowledgement": meter.percentiles(report.waits),
        "placed_to_allocated": meter.percentiles([routed - received for received, routed in times]),
        "orders": len(times),
        "mails": sent - mails_before,
        "last_minute_to_first": _last_to_first([routed for _, routed in times], seconds),
        "backlog": {queue: _trend(samples) for queue, samples in watch.samples.items()},
    }


def _last_to_first(routed_at: Sequence[float], seconds: float) -> float:
    """Orders routed in the last minute (or third) of the time, divided by those of the first."""
    length = min(60.0, seconds / 3)
    began = min(routed_at)
    first = sum(at - began < length for at in routed_at)
    last = sum(seconds - length <= at - began < seconds for at in routed_at)
    return round(last / first, 3)


def _trend(samples: Sequence[int]) -> dict[str, float]:
    """The mean backlog of the second and of the last quarter, and the largest."""
    quarter = max(len(samples) // 4, 1)
    return {
        "second_quarter": round(statistics.mean(samples[quarter : 2 * quarter] or [0]), 1),
        "last_quarter": round(statistics.mean(samples[-quarter:]), 1),
        "largest": max(samples),
    }


def is_flat(trend: Mapping[str, float], *, rate: float) -> bool:
    """Whether a backlog does not grow: at the end it is no longer than before, give or take a second of work."""
    return trend["last_quarter"] <= trend["second_quarter"] + rate


def _send(port: int, *, rate: float, seconds: float, seed: int) -> Report:
    arguments = [str(port), f"/hooks/{webhook.KEY}", str(rate), str(seconds), str(seed)]
    command = [sys.executable, "-m", "doorstep_bench.steady", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=Report)
