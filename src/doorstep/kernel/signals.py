"""Signals that end a program from outside become the interruption that Ctrl-C is, so that it clears up after itself."""

from __future__ import annotations

import signal
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def interrupt_on_every_signal() -> None:
    """From now on each of them raises KeyboardInterrupt in the main thread.

    The first one is the only one: clearing up is not interrupted by a terminal that closes after its Ctrl-C.
    """
    for each in _ENDING:
        signal.signal(each, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)
