"""Open a scratch installation for a run: embedded, durable (fsync and synchronous_commit on), deleted afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from doorstep.bootstrap import App, open_app
from doorstep.kernel import settings

POOL = 16
BATCH = settings.Settings.model_fields["intake_batch_size"].default  # orders per batch of a worker


@dataclass(frozen=True, slots=True)
class Scratch:
    """The open installation, and what other processes need to join it."""

    app: App
    folder: Path

    @property
    def url(self) -> str:
        return self.app.server.url

    def environment(self) -> Mapping[str, str]:
        """Settings of processes that join this installation, independent of the user's own."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
        (self.folder / "doorstep.toml").touch()
        return inherited | {
            "DOORSTEP_CONFIG": str(self.folder / "doorstep.toml"),
            "DOORSTEP_ENVIRONMENT": "test",
            "DOORSTEP_DATA_DIR": str(self.folder / "data"),
            "DOORSTEP_LOG_LEVEL": "error",
            "DOORSTEP_WEBHOOK_RATE_PER_SECOND": "100000",  # here one client sends for all
        }

    @contextlib.contextmanager
    def process(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the installation (`python -m …`), ended with the block."""
        with (self.folder / "processes.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env=dict(self.environment()),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield started
        finally:
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


@contextlib.contextmanager
def installation() -> Iterator[Scratch]:
    """Open a new one. Commits are timed by the server, so that a wait ends when the row is visible."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-bench-"))
    folder.chmod(0o711)  # the database's own user may enter the folder, but not list it
    local = folder / "data" / "postgres" / "etc"
    local.mkdir(parents=True)
    for each in (folder / "data", folder / "data" / "postgres"):
        each.chmod(0o711)
    (local / "local.conf").write_text("track_commit_timestamp = on\nmax_wal_size = 4GB\n")
    (local / "local.conf").chmod(0o644)
    chosen = settings.load(environment="test", data_dir=folder / "data", pool_size=POOL, database_url=None)
    try:
        with open_app(chosen, migrate=True) as app:
            with psycopg.connect(app.server.url, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            yield Scratch(app, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(true: Callable[[], bool], *, what: str, seconds: float = 120.0) -> None:
    """Poll every few milliseconds; raises TimeoutError."""
    ends_at = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends_at:
            raise TimeoutError(f"still waiting after {seconds:.0f} s: {what}")
        time.sleep(0.02)
