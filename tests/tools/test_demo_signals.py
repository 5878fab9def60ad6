"""End a demo with real signals while it starts: nothing that it started is left."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# When a file of this name pattern is there, this much has been started.
MOMENTS = {
    "the port is chosen": "doorstep-port-*",
    "the partners start": "doorstep-demo-*/partners.log",
    "the database is created": "doorstep-demo-*/data/postgres/data.new",
    "the database server starts": "doorstep-demo-*/data/postgres/socket",
    "the database server runs": "doorstep-demo-*/data/postgres/data/postmaster.pid",
    "the web process starts": "doorstep-demo-*/web.log",
}
CASES = [
    ("the port is chosen", signal.SIGTERM),
    ("the partners start", signal.SIGHUP),
    ("the database is created", signal.SIGINT),
    ("the database server starts", signal.SIGTERM),
    ("the database server starts", signal.SIGINT),
    ("the database server runs", signal.SIGINT),
    ("the database server runs", signal.SIGHUP),
    ("the web process starts", signal.SIGINT),
    ("the web process starts", signal.SIGTERM),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo keeps everything; another account, as which the database server may run, can pass through."""
    made = Path(tempfile.mkdtemp(prefix="ds-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def processes(folder: Path) -> list[str]:
    """The command lines of processes that were started for this folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command, environment = (each / "cmdline").read_bytes(), b""
            with contextlib.suppress(PermissionError):
                environment = (each / "environ").read_bytes()
            if os.fsencode(folder) in command + environment:
                found.append(command.replace(b"\0", b" ").decode())
    return found


@contextlib.contextmanager
def ended(demo: subprocess.Popen[bytes]) -> Iterator[None]:
    """One that does not end by itself fails the test with where it is, and does not keep the test waiting."""
    try:
        yield
    except subprocess.TimeoutExpired:
        demo.send_signal(signal.SIGABRT)  # faulthandler prints every thread's stack
        pytest.fail(demo.communicate(timeout=10)[1].decode(errors="replace"))
    finally:
        if demo.poll() is None:
            demo.kill()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="/proc shows which processes are left")
@pytest.mark.parametrize(("moment", "ending"), CASES)
def test_a_demo_that_is_ended_while_it_starts_leaves_nothing(
    folder: Path, moment: str, ending: signal.Signals
) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    command = [sys.executable, "-m", "doorstep", "demo", "--once"]
    with (
        subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=clean | {"TMPDIR": str(folder), "PYTHONFAULTHANDLER": "1"},
            start_new_session=True,
        ) as demo,
        ended(demo),
    ):
        while not list(folder.glob(MOMENTS[moment])):
            assert demo.poll() is None
            time.sleep(0.002)
        if ending is signal.SIGINT:
            os.killpg(demo.pid, ending)  # a terminal's Ctrl-C reaches all processes of its group
        else:
            demo.send_signal(ending)
        _, printed = demo.communicate(timeout=60)
    assert (demo.returncode, printed) == (0, b"")
    assert (list(folder.iterdir()), processes(folder)) == ([], [])
