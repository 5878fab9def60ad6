"""Rate limits of vendors as they document them, and when the next call may leave."""

from __future__ import annotations

from dataclasses import dataclass

_SHARE_OF_A_SLIDING_WINDOW = 0.95  # calls that leave evenly may arrive a little closer together


@dataclass(frozen=True, slots=True)
class Limit:
    """A vendor's limit: `calls` in `seconds`, for one operation, or for the whole connection (operation "").

    By default it is a bucket that holds `burst` calls (as many as `calls`, if not given) and is refilled evenly, as most
    vendors count. `is_sliding`: the vendor counts any window of that length, so calls are spread evenly over it.
    """

    calls: float
    seconds: float = 1.0
    operation: str = ""
    burst: int | None = None
    is_sliding: bool = False

    @property
    def held(self) -> int:
        """How many calls may leave at once."""
        if self.burst is not None:
            return max(1, self.burst)
        return max(1, int(self.calls / 10 if self.is_sliding else self.calls))

    @property
    def interval_seconds(self) -> float:
        """The time between two calls once the bucket is empty. A sliding window never has more than `calls` calls."""
        if not self.is_sliding:
            return self.seconds / self.calls
        return self.seconds / max((self.calls - self.held) * _SHARE_OF_A_SLIDING_WINDOW, self.calls / 10)


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """What an answer says about its limit: seconds per call from now on, or how long to send nothing."""

    interval_seconds: float | None = None
    pause_seconds: float | None = None


def slot(
    next_at: float, now: float, *, interval: float, burst: float, patience: float
) -> tuple[float, float]:
    """When a call may leave: seconds to wait, and the time at which the next one is due (unchanged if it is too late).

    `next_at` is the time at which the bucket is full again (the "theoretical arrival time" of the generic cell rate
    algorithm, ITU-T I.371): one number per limit, which processes share without a clean-up.
    """
    wait = max(0.0, max(next_at, now) - (burst - 1) * interval - now)
    return (wait, next_at) if wait > patience else (wait, max(next_at, now) + interval)
