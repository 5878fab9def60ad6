"""webhook: signed Shopify orders over loopback HTTP, from a client process to web and worker processes."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from doorstep.domain.connections.model import Kind, Mode
from doorstep_bench import meter, payloads
from doorstep_bench.client import Report
from doorstep_bench.rates import Stage
from doorstep_bench.scratch import Scratch, wait_until

KEY = "shopify"
SHARE_OF_PEAK = 0.7
_LEFT = "SELECT count(*) FROM inbox WHERE state = 0"
_ROUTED = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(e.xmin))::float8 AS routed_at,
           extract(epoch FROM i.received_at)::float8 AS received_at
      FROM inbox i JOIN orders o ON o.trace_id = i.trace_id
      JOIN events e ON e.stream = 'order' AND e.stream_id = o.id AND e.type = 'order.allocated'
     WHERE i.id > %s
"""


@dataclass(frozen=True, slots=True)
class Pass:
    """The result of one stream of webhooks."""

    acknowledged_per_second: float
    routed_per_second: float
    acks: list[float]
    routes: list[float]


def connect(scratch: Scratch) -> None:
    """Create a shop whose secret we know."""
    app = scratch.app
    settings = {
        "base_url": "http://127.0.0.1:9",
        "access_token": "none",
        "webhook_secret": payloads.SECRET,
    }
    connector = app.registry.connector(Kind.CHANNELS, "shopify")
    with app.db.write(actor="bench") as tx:
        app.registry.configure(
            tx, key=KEY, connector=connector, name="Bench", settings=settings, mode=Mode.LIVE
        )


@contextlib.contextmanager
def serving(scratch: Scratch) -> Iterator[int]:
    """One web and one worker process; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (
        scratch.process("doorstep", "serve", "--port", str(port)) as web,
        scratch.process("doorstep", "worker"),
    ):
        wait_until(lambda: _answers(port) or web.poll() is not None, what="the web process")
        if web.poll() is not None:
            raise RuntimeError((scratch.folder / "processes.log").read_text()[-2_000:])
        yield port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(stage: Stage, *, runs: int, count: int) -> dict[str, object]:
    """Medians at full speed, then two passes for waiting times: at 70 % of the maximum acknowledged rate, and at
    70 % of the maximum routed rate (above it, orders queue up).
    """
    connect(stage.scratch)
    with serving(stage.scratch) as port:
        send(stage.scratch, port, seed=300, count=count // 4, rate=0)  # warms up
        fast = []
        for number in range(runs):
            fast.append(send(stage.scratch, port, seed=301 + number, count=count, rate=0))
            meter.say(
                f"run {number + 1}: {fast[-1].acknowledged_per_second:,.0f} acknowledged,"
                f" {fast[-1].routed_per_second:,.0f} routed per second"
            )
        peak = meter.rates([each.acknowledged_per_second for each in fast])
        routed = meter.rates([each.routed_per_second for each in fast])
        offered = SHARE_OF_PEAK * float(str(peak["orders_per_second"]))
        burst = send(stage.scratch, port, seed=400, count=count, rate=offered)
        sustained = SHARE_OF_PEAK * float(str(routed["orders_per_second"]))
        steady = send(stage.scratch, port, seed=401, count=count, rate=sustained)
    return {
        "acknowledged_per_second": peak["orders_per_second"],
        "acknowledged_runs": peak["runs"],
        "routed_per_second": routed["orders_per_second"],
        "routed_runs": routed["runs"],
        "last_to_first": round(fast[-1].routed_per_second / fast[0].routed_per_second, 3),
        "at_peak": _waits(fast[-1]),
        "at_70_percent": {"offered_per_second": round(offered, 1)} | _waits(burst),
        "at_70_percent_of_routed": {"offered_per_second": round(sustained, 1)} | _waits(steady),
    }


def _waits(found: Pass) -> dict[str, object]:
    return {
        "acknowledgement": meter.percentiles(found.acks),
        "placed_to_allocated": meter.percentiles(found.routes),
        "routed_per_second": round(found.routed_per_second, 1),
    }


def send(scratch: Scratch, port: int, *, seed: int, count: int, rate: float) -> Pass:
    """One stream, until every order of it is routed."""
    file = scratch.folder / "calls"
    file.write_bytes(msgspec.msgpack.encode(list(payloads.calls(seed=seed, count=count))))
    with scratch.app.db.read() as tx:
        before = tx.value(int, "SELECT coalesce(max(id), 0) FROM inbox")
    report = _client(file, port, rate)
    wait_until(lambda: _left(scratch) == 0, what="webhooks to be processed")
    with scratch.app.db.read() as tx:
        rows = tx.rows(_ROUTED, (before,))
    times = [(float(str(row["received_at"])), float(str(row["routed_at"]))) for row in rows]
    if report.refused or len(times) != count:
        raise RuntimeError(f"{report.refused} refused, {len(times)} of {count} routed")
    seconds = max(routed for _, routed in times) - min(received for received, _ in times)
    waits = [routed - received for received, routed in times]
    return Pass(len(report.waits) / report.seconds, count / seconds, report.waits, waits)


def _client(file: Path, port: int, rate: float) -> Report:
    command = [
        sys.executable,
        "-m",
        "doorstep_bench.client",
        str(file),
        str(port),
        f"/hooks/{KEY}",
        str(rate),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=Report)


def _left(scratch: Scratch) -> int:
    with scratch.app.db.read() as tx:
        return tx.value(int, _LEFT)
