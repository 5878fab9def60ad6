"""Count what this process finishes and what fails, for the rates of each kind of work; written every few seconds."""

from __future__ import annotations

import threading
import time
from collections import Counter

import prometheus_client

from doorstep.bootstrap import App
from doorstep.kernel import errors, jobs

_EVERY_SECONDS = 5.0
_done_total = prometheus_client.Counter("doorstep_done", "Items that this process finished", ["name"])
_failed_total = prometheus_client.Counter("doorstep_failed", "Attempts that failed in this process", ["name"])


class _Counts:
    """The counts since they were last written; threads share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._written_at = time.monotonic()

    def add(self, name: str, *, done: int = 0, failed: int = 0) -> None:
        with self._lock:
            self._done[name] += done
            self._failed[name] += failed

    def take(self, *, wait: bool) -> tuple[Counter[str], Counter[str]] | None:
        """What is to be written now, if anything is."""
        with self._lock:
            if wait and time.monotonic() - self._written_at < _EVERY_SECONDS:
                return None
            taken = +self._done, +self._failed
            self._done, self._failed = Counter(), Counter()
            self._written_at = time.monotonic()
        return taken if any(taken) else None


_counts = _Counts()


def done(name: str, number: int = 1) -> None:
    """Items of this kind are finished."""
    if number:
        _counts.add(name, done=number)
        _done_total.labels(name).inc(number)


def failed(name: str, number: int = 1) -> None:
    """Attempts at this kind of work failed."""
    _counts.add(name, failed=number)
    _failed_total.labels(name).inc(number)


def write(app: App, *, wait: bool = True) -> None:
    """Add to the counts of this minute, unless they were written a moment ago. What cannot be written is dropped."""
    taken = _counts.take(wait=wait)
    if taken is None:
        return
    finished, broken = taken
    try:
        app.db.transact(lambda tx: jobs.count_minute(tx, done=finished, failed=broken), actor="system")
    except errors.Unavailable:
        return
