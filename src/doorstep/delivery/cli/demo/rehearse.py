"""Inject failures: failing partner calls, duplicate and shuffled webhooks, killed workers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from doorstep.delivery.cli.demo import read
from doorstep.delivery.cli.demo.doors import Doors
from doorstep.delivery.cli.demo.stage import Stage

_HTTP_PARTNERS = ("shopify", "shiphawk", "shiprocket", "razorpay", "erpnext")


class Failing(StrEnum):
    """What fails during the demo."""

    CALLS = "calls"
    WEBHOOKS = "webhooks"
    WORKER = "worker"


@dataclass(slots=True)
class Damage:
    """How many failures happened; a run without any proves nothing. `before_step` is called as each step begins."""

    count: int = 0
    before_step: Callable[[], None] = lambda: None


@contextmanager
def failing(doors: Doors, what: Failing | None, seed: int) -> Iterator[Damage]:
    """Inject a failure while inside, the same way for the same seed (except process kills). The count is known at the end."""
    damage = Damage()
    if what is Failing.CALLS:
        with _every_call_fails_once(doors, seed, damage):
            yield damage
    elif what is Failing.WEBHOOKS:
        with _doubled_and_shuffled(doors, seed, damage):
            yield damage
    elif what is Failing.WORKER:
        with _killed_and_restarted(doors.stage, seed, damage):
            yield damage
    else:
        yield damage


@contextmanager
def _every_call_fails_once(doors: Doors, seed: int, damage: Damage) -> Iterator[None]:
    for partner in (*_HTTP_PARTNERS, "smtp"):
        doors.context(partner, "faults", [{"kind": "cycle", "seed": seed, "each_once": True}])
    try:
        yield
    finally:
        for partner in (*_HTTP_PARTNERS, "smtp"):
            damage.count += sum(
                bool(call.get("fault")) for call in read.rows(doors.context(partner, "calls"), "calls")
            )
            doors.context(partner, "faults", [])


@contextmanager
def _doubled_and_shuffled(doors: Doors, seed: int, damage: Damage) -> Iterator[None]:
    for partner in _HTTP_PARTNERS:
        doors.context(
            partner, "webhooks", {"duplicates": 1, "shuffle_seed": seed, "shuffle_window_seconds": 0.3}
        )
    try:
        yield
    finally:
        for partner in _HTTP_PARTNERS:
            damage.count += len(read.rows(doors.context(partner, "webhooks"), "deliveries"))
            doors.context(partner, "webhooks", {"duplicates": 0, "shuffle_seed": None})


@contextmanager
def _killed_and_restarted(stage: Stage, seed: int, damage: Damage) -> Iterator[None]:
    """Kill the worker (kill -9) at a random moment of most steps, sometimes twice; a new one is started at once."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    killers: list[threading.Thread] = []

    def kill_soon() -> None:
        delays = [chance.uniform(0.0, 0.7) for _ in range(chance.choice((0, 1, 1, 1, 2)))]
        killer = threading.Thread(target=_kill, args=(stage, delays, damage), name="killer")
        killer.start()
        killers.append(killer)

    damage.before_step = kill_soon
    try:
        yield
    finally:
        for killer in killers:
            killer.join()


_one_at_a_time = threading.Lock()


def _kill(stage: Stage, delays: list[float], damage: Damage) -> None:
    """Kill a running worker, each time after this many seconds, and wait until its successor is ready."""
    for delay in delays:
        with _one_at_a_time:
            time.sleep(delay)
            ready = stage.times_said("worker-1", "worker ready")
            stage.kill("worker-1")
            damage.count += 1
            stage.start("worker-1", "doorstep", "worker")
            ends_at = time.monotonic() + 30
            while (
                stage.times_said("worker-1", "worker ready") < ready + stage.worker_processes
                and time.monotonic() < ends_at
            ):
                time.sleep(0.02)
