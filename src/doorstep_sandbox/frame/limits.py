"""Leaky buckets, by which partners say 429 (or Shopify its THROTTLED) to whoever calls too often."""

from __future__ import annotations

import dataclasses
import time


@dataclasses.dataclass(slots=True)
class Bucket:
    """`maximum` points, refilled at `restore_rate` points a second of real time."""

    maximum: float
    restore_rate: float
    available: float = -1.0
    seen_at: float = 0.0

    def level(self) -> float:
        """Points available now."""
        moment = time.monotonic()
        if self.available < 0:
            self.available = self.maximum
        elif self.seen_at:
            gained = (moment - self.seen_at) * self.restore_rate
            self.available = min(self.maximum, self.available + gained)
        self.seen_at = moment
        return self.available

    def take(self, points: float) -> bool:
        """Takes the points if they are there."""
        if self.level() < points:
            return False
        self.available -= points
        return True
