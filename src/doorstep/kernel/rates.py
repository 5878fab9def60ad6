"""Limit how often somebody may do something, in the memory of one process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_MOST_KEYS = 10_000


@dataclass(slots=True)
class Rates:
    """Token buckets by key: `per_second` on average, `burst` at once. The keys that were used longest ago are forgotten."""

    per_second: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> bool:
        """Whether one more is allowed now; if so, it counts."""
        with self._lock:
            tokens = self._tokens(key)
            is_allowed = tokens >= 1
            self._buckets[key] = (tokens - 1 if is_allowed else tokens, self.clock())
            self._buckets.move_to_end(key)
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.popitem(last=False)
        return is_allowed

    def is_exhausted(self, key: str) -> bool:
        """Whether nothing more is allowed now; asking does not count."""
        with self._lock:
            return self._tokens(key) < 1

    def _tokens(self, key: str) -> float:
        tokens, at = self._buckets.get(key, (self.burst, self.clock()))
        return min(self.burst, tokens + (self.clock() - at) * self.per_second)
