"""The folders: reads /inbound, writes /outbound completely or, as faults, slowly, cut off, twice or later."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.parcel3pl import inbound, x12

FOLDERS = ("inbound", "outbound", "archive", "errors")
SETTLED_SECONDS = 1.0
MANNER: Json = {
    "reading": True,
    "hold": False,
    "duplicates": 0,
    "cut_off_next": 0,
    "slow_seconds": 0.0,
    "slow_parts": 4,
    "shuffle_seed": None,
}
Read = Callable[[str, bytes], None]


class Exchange:
    """`manner` is how files behave; `known` are the names that were read, `held` what waits for `release`."""

    def __init__(self, folder: Path, state: Json) -> None:
        self.folder = folder
        self.state = state
        self.seen: dict[str, tuple[int, float]] = {}
        self.writing: set[asyncio.Task[None]] = set()
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def manner(self) -> Json:
        found: Json = self.state["manner"]
        return found

    def read(self, take: Read, now: float) -> int:
        """Take the complete files of /inbound, oldest first; `now` is a monotonic time. Returns how many."""
        taken = 0
        waiting = [path for path in (self.folder / "inbound").iterdir() if _is_final(path)]
        for path in sorted(waiting, key=lambda each: (each.stat().st_mtime, each.name)):
            raw = path.read_bytes()
            if not _is_complete(path, raw) and not self._settled(path, len(raw), now):
                continue
            taken += 1
            self._take(path, raw, take)
        return taken

    def _take(self, path: Path, raw: bytes, take: Read) -> None:
        try:
            if path.name in self.state["known"]:
                raise inbound.UnreadableError("this file name was read before")
            if not _is_complete(path, raw):
                raise inbound.UnreadableError("the file is incomplete")
            take(path.name, raw)
        except (ValueError, LookupError) as error:
            path.replace(self.folder / "errors" / path.name)
            reason = self.folder / "errors" / f"{path.name}.reason.txt"
            reason.write_text(f"{error}\n", encoding="utf-8")
            return
        self.state["known"].append(path.name)
        path.replace(self.folder / "archive" / path.name)

    def _settled(self, path: Path, size: int, now: float) -> bool:
        """Whether an incomplete file has not grown for a while."""
        known = self.seen.get(path.name)
        if known is None or known[0] != size:
            self.seen[path.name] = (size, now)
            return False
        return now - known[1] >= SETTLED_SECONDS

    def write(self, kind: str, extension: str, content: bytes) -> list[str]:
        """Queue a file for /outbound; returns its names (several if it is repeated)."""
        names = [self._name(kind, extension) for _ in range(1 + self.manner["duplicates"])]
        for name in names:
            if self.manner["hold"]:
                self.state["held"].append([name, content.decode()])
            else:
                self._put(name, content)
        return names

    def release(self) -> int:
        """Write what is held, in random order if there is a seed."""
        held, self.state["held"] = self.state["held"], []
        if self.manner["shuffle_seed"] is not None:
            random.Random(self.manner["shuffle_seed"]).shuffle(held)
        for name, text in held:
            self._put(name, text.encode())
        return len(held)

    def _put(self, name: str, content: bytes) -> None:
        if self.manner["cut_off_next"] > 0:
            self.manner["cut_off_next"] -= 1
            content = content[: len(content) * 2 // 3].rstrip(b"\r\n~")
        path = self.folder / "outbound" / name
        if self.manner["slow_seconds"]:
            task = asyncio.get_running_loop().create_task(self._grow(path, content))
            self.writing.add(task)
            task.add_done_callback(self.writing.discard)
            return
        draft = path.with_name(name + ".tmp")
        draft.write_bytes(content)
        draft.replace(path)

    async def _grow(self, path: Path, content: bytes) -> None:
        """Write a file in parts under its final name, as a client without temporary names does."""
        parts = int(self.manner["slow_parts"])
        pause, size = float(self.manner["slow_seconds"]) / parts, -(-len(content) // parts)
        for start in range(0, len(content), size):
            with path.open("ab") as file:
                file.write(content[start : start + size])
            await asyncio.sleep(pause)

    def listing(self) -> Json:
        return {name: sorted(path.name for path in (self.folder / name).iterdir()) for name in FOLDERS} | {
            "held": [name for name, _ in self.state["held"]]
        }

    def _name(self, kind: str, extension: str) -> str:
        self.state["files"] += 1
        return f"{kind}_{clock.now():%Y%m%d%H%M%S}_{self.state['files']}.{extension}"


def _is_final(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and not path.name.endswith(".tmp")


def _is_complete(path: Path, raw: bytes) -> bool:
    if path.suffix == ".x12":
        return x12.is_complete(raw.decode("utf-8", "replace"))
    return raw.endswith(b"\n")
