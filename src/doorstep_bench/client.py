"""Send webhooks from a separate process, so that its work is not counted as ours. Reads its orders from a file.

`python -m doorstep_bench.client FILE PORT PATH RATE`: 64 connections; RATE 0 sends as fast as responses arrive, any
other sends so many per second, each at its scheduled time. Prints the result as JSON; times are seconds, `sent_at` is
wall-clock time.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

CONNECTIONS = 64


class Call(msgspec.Struct):
    """One signed webhook."""

    headers: dict[str, str]
    body: bytes


class Report(msgspec.Struct):
    """The result of a pass: waits of acknowledged calls, in seconds from the scheduled time to the response."""

    seconds: float
    waits: list[float]
    refused: int


@dataclass(slots=True)
class Sender:
    """All connections of one pass."""

    port: int
    path: str
    calls: Sequence[bytes]
    rate: float
    next: int = 0
    began: float = 0.0
    waits: list[float] = field(default_factory=list)
    refused: int = 0

    async def run(self) -> Report:
        """Send all webhooks."""
        self.began = time.perf_counter()
        await asyncio.gather(*(self._connection() for _ in range(CONNECTIONS)))
        return Report(time.perf_counter() - self.began, self.waits, self.refused)

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (number := self.next) < len(self.calls):
            self.next += 1
            due = self.began + number / self.rate if self.rate else time.perf_counter()
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(self.calls[number])
            status = await self._answer(reader)
            if status == b"200":
                self.waits.append(time.perf_counter() - due)
            else:
                self.refused += 1
        writer.close()
        await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        """The status; the body is read and ignored."""
        head = await reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        if b"content-length: " in lowered:
            length = int(lowered.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
        return head.split(b" ", 2)[1]


def spelled(call: Call, *, port: int, path: str) -> bytes:
    """A request as sent."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(call.body)}"]
    lines += [f"{name}: {value}" for name, value in call.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + call.body


def main() -> int:
    """Send one file."""
    file, port, path, rate = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    calls = [
        spelled(call, port=port, path=path)
        for call in msgspec.msgpack.decode(file.read_bytes(), type=list[Call])
    ]
    report = asyncio.run(Sender(port, path, calls, rate).run())
    sys.stdout.buffer.write(msgspec.json.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
