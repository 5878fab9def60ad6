"""Leaky buckets: partners answer 429 (Shopify: THROTTLED) to clients that call too often."""

from __future__ import annotations

import dataclasses
import time


@dataclasses.dataclass(slots=True)
class Bucket:
    """`maximum` points, refilled at `restore_rate` points per second of real time."""

    maximum: float
    restore_rate: float
    available: float = -1.0
    seen_at: float = 0.0

    def level(self) -> float:
        """The points available now."""
        moment = time.monotonic()
        if self.available < 0:
            self.available = self.maximum
        elif self.seen_at:
            gained = (moment - self.seen_at) * self.restore_rate
            self.available = min(self.maximum, self.available + gained)
        self.seen_at = moment
        return self.available

    def take(self, points: float) -> bool:
        """Take the points if they are available."""
        if self.level() < points:
            return False
        self.available -= points
        return True
