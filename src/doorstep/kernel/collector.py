"""Let the garbage collector of cycles run rarely in processes that plan orders by the batch."""

from __future__ import annotations

import gc

# A batch of 500 orders makes some 100,000 objects that live until it is written. By default, Python looks for cycles among
# them after every 700, and finds none: that was a sixth of the time of planning (docs/performance.md).
_OBJECTS, _YOUNG, _OLD = 50_000, 20, 50


def collect_rarely() -> None:
    """Call this once, after a process has loaded its code: what exists now is never searched again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, _YOUNG, _OLD)
