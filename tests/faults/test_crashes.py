"""kill -9 of the worker, the web process and the database under load: every acknowledged order exists once."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import psycopg
import pytest
from tests import builders, clock
from tests.builders import SHIRT, line, order_snapshot

from doorstep.domain.inventory import views as stock
from doorstep.kernel import schema
from doorstep.kernel.db import Database
from doorstep.kernel.postgres import LocalPostgres

SECRET = b"the secret of the shop"


@dataclass
class Installation:
    """A database, a web process and a worker of their own, and the hand that kills them."""

    folder: Path
    port: int
    database: LocalPostgres
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        return self.database.dsn("crash")

    def start(self, what: str) -> None:
        """`serve` or `worker`."""
        chosen = {
            "ENVIRONMENT": "test", "DATABASE_URL": self.dsn, "DATA_DIR": str(self.folder), "SECRET_KEY": "k" * 40,
            "CLOCK_FILE": str(clock.FILE), "LOG_LEVEL": "error", "RETRY_BASE_SECONDS": "0.1", "RETRY_LONGEST_SECONDS": "1",
        }  # fmt: skip
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
        options = ["--port", str(self.port)] if what == "serve" else []
        self.running[what] = subprocess.Popen(
            [sys.executable, "-m", "doorstep", what, *options],
            env=clean | {f"DOORSTEP_{name}": value for name, value in chosen.items()},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def kill(self, what: str) -> None:
        """With the processes of all queues of the worker."""
        process = self.running.pop(what)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_database(self) -> None:
        """The postmaster and all of its children, as a power cut would."""
        postmaster = int((self.database.data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(
            ["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False
        ).stdout.split()
        for pid in (postmaster, *map(int, children)):
            os.kill(pid, signal.SIGKILL)

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + 60
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", self.port)) and time.monotonic() < deadline:
                time.sleep(0.1)

    def crash(self) -> None:
        """All three, one after the other, each back after a moment."""
        for what in ("worker", "serve"):
            self.kill(what)
            time.sleep(0.3)
            self.start(what)
            time.sleep(1.0)
        self._wait_for_web()  # a slow machine would never see it up between two crashes
        self.kill_database()
        time.sleep(0.5)
        LocalPostgres(self.database.folder).start()


@pytest.fixture
def installation() -> Iterator[Installation]:
    # Not tmp_path: that is below a private folder, which the server's user could not enter when tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="ds-"))
    folder.chmod(0o711)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        with LocalPostgres(folder / "pg") as local:
            local.ensure_database("crash")
            made = Installation(folder, port, local)
            schema.upgrade(made.dsn)
            builders.set_up_retailer(made.dsn, folder)
            yield made
            for what in list(made.running):
                made.kill(what)
    finally:
        shutil.rmtree(folder)


@contextmanager
def crashing(installation: Installation, rounds: int) -> Iterator[None]:
    """While the block runs everything is killed, again and again; afterwards everything runs."""

    def crash() -> None:
        for _ in range(rounds):
            time.sleep(0.5)
            installation.crash()

    thread = threading.Thread(target=crash)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def send_until_thanked(client: httpx.Client, number: int) -> int:
    """As a shop does: the same message again until it is acknowledged; returns how often it was sent."""
    reported = order_snapshot(
        line(SHIRT, external_line_id=f"{number}-1"), external_id=str(number), number=f"#{number}"
    )
    body = msgspec.json.encode({"id": f"event-{number}", "topic": "order", "data": reported})
    headers = {"x-signature": hmac.new(SECRET, body, hashlib.sha256).hexdigest()}
    for attempt in range(1, 400):
        try:
            if client.post("/hooks/shop", content=body, headers=headers).status_code == 200:
                return attempt
        except httpx.TransportError:
            pass  # the web process is dead in this moment
        time.sleep(0.1)
    raise AssertionError(f"order {number} was never acknowledged")


def orders(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("SELECT external_id FROM orders")]


def unread(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT count(*) FROM inbox WHERE state = 0").fetchone()
    return 0 if found is None else int(found[0])


def wait_until_read(dsn: str) -> None:
    deadline = time.monotonic() + 60
    while unread(dsn):
        assert time.monotonic() < deadline, "messages were not read"
        time.sleep(0.1)


def survive(installation: Installation, *, orders_sent: int, rounds: int) -> list[int]:
    """Send so many orders while everything is killed; returns how often each had to be sent."""
    for what in ("serve", "worker"):
        installation.start(what)
    limits = httpx.Limits(max_connections=16)
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{installation.port}", limits=limits, timeout=20) as client,
        ThreadPoolExecutor(16) as senders,
        crashing(installation, rounds),
    ):
        attempts = list(senders.map(lambda number: send_until_thanked(client, number), range(orders_sent)))
    wait_until_read(installation.dsn)
    return attempts


def assert_nothing_is_lost_or_doubled(installation: Installation, orders_sent: int) -> None:
    assert sorted(orders(installation.dsn), key=int) == [str(number) for number in range(orders_sent)]
    database = Database(installation.dsn, pool_size=1).open()
    try:
        with database.read() as tx:
            assert stock.drift(tx) == []
            work = tx.value(int, "SELECT count(*) FROM fulfillment_orders")
            short = tx.value(int, "SELECT count(*) FROM order_routing WHERE is_short")
            dead = tx.value(int, "SELECT count(*) FROM dead_letters WHERE source = 'inbox'")
    finally:
        database.close()
    assert (work + short, dead) == (orders_sent, 0)


def test_what_was_acknowledged_is_an_order_exactly_once(installation: Installation) -> None:
    attempts = survive(installation, orders_sent=400, rounds=1)
    assert max(attempts) > 1  # the shop did see us die
    assert_nothing_is_lost_or_doubled(installation, 400)


@pytest.mark.slow
def test_again_and_again(installation: Installation) -> None:
    survive(installation, orders_sent=6_000, rounds=8)
    assert_nothing_is_lost_or_doubled(installation, 6_000)
