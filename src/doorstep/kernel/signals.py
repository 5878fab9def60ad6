"""Turn termination signals into KeyboardInterrupt, so that a program cleans up."""

from __future__ import annotations

import signal
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def interrupt_on_every_signal() -> None:
    """From now on each of these signals raises KeyboardInterrupt in the main thread, once.

    Cleaning up is not interrupted by a second signal, such as a terminal that closes after its Ctrl-C.
    """
    for each in _ENDING:
        signal.signal(each, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)
