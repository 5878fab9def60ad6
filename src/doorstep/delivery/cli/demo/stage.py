"""Run the demo's processes: a new database, partner servers, web and worker, all on loopback, all stopped together."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from doorstep.kernel import errors, queues, signals

STORE_CARRIER = "store-parcels"  # Shiprocket refuses hook addresses that contain its own name
# Shortened, so that failure tests take seconds; production has its own defaults.
_PACE: dict[str, object] = {
    "retry_base_seconds": 0.1,
    "retry_longest_seconds": 1.0,
    "http_timeout_seconds": 3.0,
    "lease_seconds": 3.5,
    "poll_seconds": 0.25,
    "max_attempts": 40,
    "worker_processes": "orders+steps=1,calls+messages+files+calculations=1",  # starts in a moment on two cores
}


_PARTNERS = (
    "shopify",
    "shiphawk",
    "shiprocket",
    "razorpay",
    "erpnext",
    "smtp",
)  # those that the demo connects


@dataclass(slots=True)
class Stage:
    """Everything that the demo started. `partners` is the sandbox's ready file."""

    folder: Path
    port: int
    database_url: str = ""
    partners: dict[str, dict[str, str]] = field(default_factory=dict)
    control_token: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def worker_processes(self) -> int:
        """How many processes one worker is."""
        return len(queues.processes(str(_PACE["worker_processes"])))

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock"

    def settings(self) -> dict[str, object]:
        """The settings of our own processes."""
        chosen: dict[str, object] = {
            **_PACE,
            "environment": "demo",
            "data_dir": self.folder / "data",
            "clock_file": self.clock_file,
            "host": "127.0.0.1",
            "port": self.port,
            "public_url": self.url,
        }
        return {**chosen, "database_url": self.database_url} if self.database_url else chosen

    def environment(self) -> dict[str, str]:
        """The same for child processes: none of the caller's Doorstep settings are passed on."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
        return mine | {f"DOORSTEP_{name.upper()}": str(value) for name, value in self.settings().items()}

    def start(self, name: str, *command: str) -> None:
        """Start one of our processes in its own session; its output goes to a log file."""
        log = (self.folder / f"{name}.log").open("ab")
        with log, signals.deferred():
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a process, with all that it has started, as a crash would: without clean-up."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace")[-3000:] if file.exists() else ""

    def times_said(self, name: str, words: str) -> int:
        """How often a process's log has these words, over all its runs."""
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace").count(words) if file.exists() else 0

    def died(self) -> str | None:
        """The name of a process that stopped unexpectedly."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def start_partners(self, config: Mapping[str, object]) -> None:
        """Start the partner servers and wait until all of them listen."""
        file, ready = self.folder / "partners.json", self.folder / "ready.json"
        file.write_text(json.dumps(config))
        file.chmod(0o600)
        options = ("--config", str(file), "--ready-file", str(ready))
        self.start("partners", "doorstep_sandbox", "serve", *_PARTNERS, *options)
        self._wait("partners", ready.exists, "the partner servers")
        reported = json.loads(ready.read_text())
        self.control_token = reported.pop("control_token")
        self.partners = reported

    def start_doorstep(self, workers: int = 1) -> None:
        """Start web and worker processes and wait until the web is ready."""
        self.start("web", "doorstep", "serve")
        for number in range(1, workers + 1):
            self.start(f"worker-{number}", "doorstep", "worker")
        self._wait("web", self._is_ready, "Doorstep")

    def _is_ready(self) -> bool:
        try:
            return (
                httpx.get(f"{self.url}/health/ready", timeout=2, trust_env=False).status_code
                == httpx.codes.OK
            )
        except httpx.TransportError:
            return False

    def _wait(self, name: str, done: Callable[[], bool], what: str) -> None:
        ends_at = time.monotonic() + 60
        while not done():
            if self.processes[name].poll() is not None or time.monotonic() > ends_at:
                raise errors.Unavailable(f"{what} did not start:\n{self.last_words(name)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop every process, last started first; one that does not react is killed."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes.values()):
            try:
                process.wait(timeout=12)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()


@contextlib.contextmanager
def staged(port: int, *, database_url: str = "", keep: bool = False) -> Iterator[Stage]:
    """A new folder and database, removed at the end."""
    with contextlib.ExitStack() as undo:
        with signals.deferred():
            folder = Path(tempfile.mkdtemp(prefix="doorstep-demo-"))
            if not keep:
                undo.callback(shutil.rmtree, folder, ignore_errors=True)
        stage = Stage(folder, port, database_url)
        undo.callback(stage.stop)
        folder.chmod(0o711)  # the database's own user is passed on, but cannot read the folder
        (folder / "data").mkdir(mode=0o711)
        yield stage


def choose_port(wanted: int | None) -> int:
    """The chosen port, or the first free one from 8700; raises Conflict if the chosen one is in use."""
    if wanted is not None:
        if not _claim(wanted):
            raise errors.Conflict(
                f"Port {wanted} is in use: stop the program that listens there, or choose another with --port."
            )
        return wanted
    for port in range(8700, 8800):
        if _claim(port):
            return port
    raise errors.Unavailable("No port from 8700 to 8799 is free: choose one with --port.")


def _claim(port: int) -> bool:
    """Whether a port is free and not chosen by another demo that is starting. Locked while this process runs."""
    path = Path(tempfile.gettempdir()) / f"doorstep-port-{port}-{os.getuid()}.lock"
    with signals.deferred():
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        if not _is_at(path, lock):  # its owner has just removed it
            os.close(lock)
            return _claim(port)
        if not _is_free(port):
            _unclaim(path, lock)
            return False
        atexit.register(_unclaim, path, lock)
        return True


def _is_at(path: Path, file: int) -> bool:
    """Whether an open file is still the one at this path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _unclaim(path: Path, lock: int) -> None:
    """Remove the lock file before its lock ends: whoever waits for it finds that it is gone."""
    path.unlink(missing_ok=True)
    os.close(lock)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def new_password() -> str:
    """A password for a demo user: new each time, printed once."""
    return secrets.token_urlsafe(9)
