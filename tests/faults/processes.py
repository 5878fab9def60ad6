"""Our own programs as processes, on the database and the clock of a test."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import builders
from tests.builders import Retailer

_WAIT_SECONDS = 180.0  # it ends as soon as it is so; a machine may stand still for a while


def until(
    what: Callable[[], bool], *, seconds: float = _WAIT_SECONDS, else_: Callable[[], object] = str
) -> None:
    """Wait until it is so; `else_` says what is wrong instead."""
    ends_at = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends_at, else_()
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether a process is there; a dead one that nobody has buried is not."""
    stat = Path("/proc", str(pid), "stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in found.read_text().split()] if found.exists() else []


def environment(retailer: Retailer, **chosen: str) -> dict[str, str]:
    """What a process of ours is started with: nothing of the caller's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    given = {"DOORSTEP_LOG_LEVEL": "error", **{f"DOORSTEP_{name}": value for name, value in chosen.items()}}
    return clean | builders.environment(retailer.app) | given


@contextmanager
def supervised(retailer: Retailer, processes: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with these processes; `until` every one of them was started."""
    process = subprocess.Popen(
        [sys.executable, "-m", "doorstep", "worker", *options],
        env=environment(retailer, WORKER_PROCESSES=processes),
    )
    try:
        until(
            lambda: (
                len(children(process.pid)) == sum(map(int, re.findall("[0-9]", processes)))
                or process.poll() is not None
            )
        )
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def installed(retailer: Retailer, settings: Mapping[str, str], *, log: Path) -> Iterator[str]:
    """A web process and a worker of two processes; gives the address of the web. What they say is written to `log`."""
    port, given = free_port(), environment(retailer, **settings)
    with ExitStack() as undo, log.open("ab") as words:
        for command in (["serve", "--port", str(port)], ["worker"]):
            process = subprocess.Popen(
                [sys.executable, "-m", "doorstep", *command],
                env=given, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True,
            )  # fmt: skip
            undo.callback(_ended, process)
        until(lambda: _answers(port), else_=log.read_text)
        yield f"http://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def output(retailer: Retailer, *command: str) -> str:
    """What a command of ours prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "doorstep", *command],
        env=environment(retailer), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
