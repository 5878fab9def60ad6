"""Turn termination signals into exceptions, so that a program cleans up."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(slots=True)
class _State:
    """How many `deferred` blocks run, and what a signal that arrived meanwhile is to raise."""

    deferring: int = 0
    arrived: BaseException | None = None


_state = _State()


def interrupt_on_every_signal() -> None:
    """From now on each of these signals raises KeyboardInterrupt in the main thread, once.

    Cleaning up is not interrupted by a second signal, such as a terminal that closes after its Ctrl-C.
    """
    for each in _ENDING:
        signal.signal(each, _interrupt)


def exit_on_termination() -> None:
    """From now on SIGTERM raises SystemExit in the main thread, with the exit code that shells give for it."""
    signal.signal(signal.SIGTERM, _exit)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    _raise(KeyboardInterrupt(signal.Signals(number).name))


def _exit(number: int, _frame: FrameType | None) -> None:
    _raise(SystemExit(128 + number))


def _raise(ending: BaseException) -> None:
    if not _state.deferring:
        raise ending
    _state.arrived = ending


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Raise what a signal is to raise when the block has ended, so that it is known what the block started."""
    _state.deferring += 1
    try:
        yield
    finally:
        _state.deferring -= 1
    if _state.arrived is not None and not _state.deferring:
        arrived, _state.arrived = _state.arrived, None
        raise arrived
