"""The queues of the worker: classes of work that never wait for each other, and how many processes serve each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from doorstep.kernel import errors


class Queue(StrEnum):
    """A class of work. Every subscriber and job is declared with one in flows/map.py.

    orders: stored messages, and orders that are due for checks or routing. steps: what follows from events in our
    database. calls: calls to partners. messages: messages to customers. files: imports. calculations: simulations and
    jobs that compute for seconds.
    """

    ORDERS = "orders"
    STEPS = "steps"
    CALLS = "calls"
    MESSAGES = "messages"
    FILES = "files"
    CALCULATIONS = "calculations"


EVERY = tuple(Queue)
ALL = "all"
_ENTRY = re.compile(r"([a-z]+(?:\+[a-z]+)*)=(\d{1,2})")


def processes(text: str) -> list[tuple[Queue, ...]]:
    """The queues of each process: "orders=2,steps+calls=1" is three processes; "all=1" is one for everything.

    Raises Invalid that says what is wrong.
    """
    found: list[tuple[Queue, ...]] = []
    for entry in text.replace(" ", "").split(","):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise errors.Invalid(f"{entry!r} must be queues and a number of processes, as in steps+calls=1")
        found += [named(match[1].split("+"))] * int(match[2])
    if not found:
        raise errors.Invalid("at least one process is needed")
    return found


def named(names: Iterable[str]) -> tuple[Queue, ...]:
    """Queues by name, in the order of their declaration; "all" is every one. Raises Invalid for an unknown name."""
    wanted = set(names)
    unknown = sorted(wanted - set(EVERY) - {ALL})
    if unknown:
        raise errors.Invalid(
            f"{unknown[0]!r} is not a queue: the queues are {', '.join(EVERY)}; all is every one"
        )
    return tuple(queue for queue in Queue if queue in wanted or ALL in wanted)


def unserved(layout: Iterable[Iterable[Queue]]) -> list[Queue]:
    """The queues that no process serves."""
    served = {queue for each in layout for queue in each}
    return [queue for queue in Queue if queue not in served]
