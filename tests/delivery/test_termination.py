"""SIGTERM ends every kind of process in order: nothing of it is left running, and its exit status says so."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the server's user can enter, also where the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="ds-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def started(folder: Path, *words: str, until: str) -> subprocess.Popen[str]:
    """A process with an embedded database, once it has said this."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    environment |= {
        "DOORSTEP_DATA_DIR": str(folder),
        "DOORSTEP_ENVIRONMENT": "test",
        "DOORSTEP_PORT": str(port),
    }
    log = folder / f"{words[0]}.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "doorstep", *words],
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
        )
    ends_at = time.monotonic() + 120
    while until not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < ends_at, log.read_text()
        time.sleep(0.05)
    return process


def is_running(folder: Path) -> bool:
    return (folder / "postgres" / "data" / "postmaster.pid").exists()


def test_no_database_server_is_left_behind(folder: Path) -> None:
    for words, until, status in (
        (("serve",), "embedded database started", 128 + signal.SIGTERM),  # while it still starts
        (("serve",), "Application startup complete", 0),
        (("worker",), "worker ready", 0),
    ):
        process = started(folder, *words, until=until)
        assert is_running(folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == status, words
        assert not is_running(folder)
