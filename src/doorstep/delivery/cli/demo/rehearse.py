"""Rehearsals of failure: partners that fail, webhooks that come twice and shuffled, workers that are killed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from doorstep.delivery.cli.demo import read
from doorstep.delivery.cli.demo.doors import Doors
from doorstep.delivery.cli.demo.stage import Stage

_HTTP_PARTNERS = ("shopify", "shiphawk", "shiprocket", "razorpay", "erpnext")


class Failing(StrEnum):
    """What goes wrong during the story."""

    CALLS = "calls"
    WEBHOOKS = "webhooks"
    WORKER = "worker"


@dataclass(slots=True)
class Damage:
    """How much really went wrong; a rehearsal without any proves nothing."""

    count: int = 0


@contextmanager
def failing(doors: Doors, what: Failing | None, seed: int) -> Iterator[Damage]:
    """While inside, this goes wrong, the same way for the same seed (processes apart). The damage is known at the end."""
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
        doors.world(partner, "faults", [{"kind": "cycle", "seed": seed, "each_once": True}])
    try:
        yield
    finally:
        for partner in (*_HTTP_PARTNERS, "smtp"):
            damage.count += sum(
                bool(call.get("fault")) for call in read.rows(doors.world(partner, "calls"), "calls")
            )
            doors.world(partner, "faults", [])


@contextmanager
def _doubled_and_shuffled(doors: Doors, seed: int, damage: Damage) -> Iterator[None]:
    for partner in _HTTP_PARTNERS:
        doors.world(
            partner, "webhooks", {"duplicates": 1, "shuffle_seed": seed, "shuffle_window_seconds": 0.3}
        )
    try:
        yield
    finally:
        for partner in _HTTP_PARTNERS:
            damage.count += len(read.rows(doors.world(partner, "webhooks"), "deliveries"))
            doors.world(partner, "webhooks", {"duplicates": 0, "shuffle_seed": None})


@contextmanager
def _killed_and_restarted(stage: Stage, seed: int, damage: Damage) -> Iterator[None]:
    """Kill -9 of the worker at random moments; a new one is started at once."""
    chance, over = random.Random(seed), threading.Event()  # noqa: S311 - repeatable, not secret

    def keep_killing() -> None:
        while not over.wait(chance.uniform(0.02, 1.2)):
            ready = stage.times_said("worker-1", "worker ready")
            stage.kill("worker-1")
            damage.count += 1
            stage.start("worker-1", "doorstep", "worker")
            while stage.times_said("worker-1", "worker ready") == ready and not over.wait(0.05):
                pass  # a worker that is killed before it works proves nothing

    thread = threading.Thread(target=keep_killing, name="killer")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
