"""Turn termination signals into KeyboardInterrupt, so that a program cleans up."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(slots=True)
class _State:
    """How many `deferred` blocks run, and the signal that arrived meanwhile."""

    deferring: int = 0
    arrived: signal.Signals | None = None


_state = _State()


def interrupt_on_every_signal() -> None:
    """From now on each of these signals raises KeyboardInterrupt in the main thread, once.

    Cleaning up is not interrupted by a second signal, such as a terminal that closes after its Ctrl-C.
    """
    for each in _ENDING:
        signal.signal(each, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    if _state.deferring:
        _state.arrived = signal.Signals(number)
        return
    raise KeyboardInterrupt(signal.Signals(number).name)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Raise the KeyboardInterrupt of a signal when the block has ended, so that it is known what the block started."""
    _state.deferring += 1
    try:
        yield
    finally:
        _state.deferring -= 1
    if _state.arrived is not None and not _state.deferring:
        arrived, _state.arrived = _state.arrived, None
        raise KeyboardInterrupt(arrived.name)
