"""Send webhooks at a steady rate for a time, each made when it is due, so that any time fits in memory.

`python -m doorstep_bench.steady PORT PATH RATE SECONDS SEED`; prints the result as JSON, as `client` does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import overload

import msgspec

from doorstep_bench import client, payloads


class Stream(Sequence[bytes]):
    """Requests that are asked for once each, in order."""

    def __init__(self, *, port: int, path: str, seed: int, count: int) -> None:
        self._calls = payloads.calls(seed=seed, count=count)
        self._port, self._path, self._count = port, path, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> bytes: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...

    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(number, slice):
            raise TypeError("requests are asked for one by one")
        return client.spelled(next(self._calls), port=self._port, path=self._path)


def main() -> int:
    """Send for so many seconds."""
    port, path, rate, seconds, seed = sys.argv[1:]
    count = round(float(rate) * float(seconds))
    calls = Stream(port=int(port), path=path, seed=int(seed), count=count)
    report = asyncio.run(client.Sender(int(port), path, calls, float(rate)).run())
    sys.stdout.buffer.write(msgspec.json.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
