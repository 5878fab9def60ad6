"""The layout of worker processes is read from one line, and wrong lines say what is wrong."""

from __future__ import annotations

import pytest

from doorstep.kernel import errors, queues, settings
from doorstep.kernel.queues import Queue


def test_a_line_names_the_queues_of_each_process() -> None:
    assert queues.processes("orders=2, calls+steps=1") == [
        (Queue.ORDERS,),
        (Queue.ORDERS,),
        (Queue.STEPS, Queue.CALLS),
    ]
    assert queues.processes("all=1") == [tuple(Queue)]
    assert queues.unserved(queues.processes("orders=1,messages+files=1")) == [
        Queue.STEPS,
        Queue.CALLS,
        Queue.CALCULATIONS,
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "'' must be queues and a number of processes"),
        ("orders", "'orders' must be queues"),
        ("orders=0", "at least one process"),
        ("orders=1,mails=1", "'mails' is not a queue: the queues are orders, steps, calls"),
    ],
)
def test_a_wrong_line_says_what_is_wrong(line: str, words: str) -> None:
    with pytest.raises(errors.Invalid, match=words):
        queues.processes(line)


def test_the_default_serves_every_queue() -> None:
    default = settings.Settings.model_fields["worker_processes"].default
    assert queues.unserved(queues.processes(default)) == []


def test_a_setting_that_leaves_a_queue_out_is_pointed_out() -> None:
    loaded = settings.load(worker_processes="orders+steps=1")
    (finding,) = [each for each in settings.explain(loaded) if each.name == "worker_processes"]
    assert finding.status == "warn"
    assert "calls, messages, files, calculations" in finding.advice
