"""Give every test that needs one a fresh, migrated PostgreSQL database.

By default the suite starts its own embedded server; TEST_DATABASE_URL names another one (its user must be allowed to
create databases), and then no embedded server is started.
"""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import argon2
import psycopg
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from psycopg import sql
from tests import builders, clock, databases
from tests.builders import Shop
from tests.clock import NOON
from tests.databases import Pool

from doorstep import bootstrap
from doorstep.bootstrap.discover import discover
from doorstep.kernel import i18n, schema, secrets
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.postgres import LocalPostgres

pytest_plugins = ("tests.durations",)
# A message, or its forms by number.
Forms = str | tuple[str, ...]
_serial = itertools.count(1)
_LONGEST = (
    "rehearsal_worker",
    "tests/browser",
    "rehearsal_calls",
    "rehearsal_webhooks",
    "rehearsal_story",
    "tests/faults",
)
_MEMORY, _MEMORY_NEEDED = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - Linux' file system in memory


def pytest_configure() -> None:
    """Scratch files, databases above all, are kept in memory where there is room: a copy of one takes a tenth of the time.

    Passwords of tests are no secrets: they are hashed by the same function at its lowest cost. Connectors are discovered
    once: every test opens the application, and nothing is installed meanwhile.
    """
    WriteTx.checks_locks = True  # a transaction that locks out of order fails the test that does it
    bootstrap.app.discover = functools.cache(discover)
    secrets._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that nobody waits for it at the end."""
    items.sort(
        key=lambda item: next((i for i, part in enumerate(_LONGEST) if part in item.nodeid), len(_LONGEST))
    )


@pytest.fixture(autouse=True)
def time_begins() -> None:
    """It is noon when a test begins, whatever the machine's date says."""
    clock.set_to(NOON)


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """The maintenance database of the server that this run uses."""
    chosen = os.environ.get("TEST_DATABASE_URL")
    if chosen:
        yield chosen
        return
    # Not tmp_path: that is below a private folder, which the server's user could not enter when tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="ds-"))
    folder.chmod(0o711)
    try:
        with LocalPostgres(folder / "pg") as local:
            _forget_durability(local.dsn("postgres"))
            yield local.dsn("postgres")
    finally:
        shutil.rmtree(folder)


def _forget_durability(server_dsn: str) -> None:
    """These databases live as long as a test: nobody needs to wait for the disk. test_postgres has a server of its own.

    Copies of the template share its pages where the file system can do that: it makes a fresh database five times faster.
    """
    chosen = {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "file_copy_method": "clone",
    }
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        for setting, value in chosen.items():
            connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), sql.SQL(value))
            )
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def migrated(server_dsn: str) -> Iterator[Pool]:
    """Migrated databases without data."""
    name = f"doorstep_template_{os.getpid()}"
    schema.upgrade(databases.create(server_dsn, name))
    pool = Pool(server_dsn, name)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def stocked(server_dsn: str, migrated: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """Databases with the sample retailer in them, every partner a sandbox in memory."""
    name = f"{migrated.template}_stocked"
    dsn = databases.create(server_dsn, name, template=migrated.template)
    builders.set_up_retailer(dsn, tmp_path_factory.mktemp("stocked"))
    pool = Pool(server_dsn, name)
    yield pool
    pool.close()


@pytest.fixture
def retailer(stocked: Pool, tmp_path: Path) -> Iterator[builders.Retailer]:
    """NotNaked with its partners in memory, ready to sell, on a database of this test's own."""
    name = stocked.take()
    with builders.retailer(stocked.url(name), tmp_path) as made:
        yield made
    stocked.give_back(name)


@pytest.fixture
def bare_dsn(server_dsn: str) -> Iterator[str]:
    """The URL of an empty database that only this test uses."""
    name = f"doorstep_bare_{os.getpid()}_{next(_serial)}"
    yield databases.create(server_dsn, name)
    databases.drop(server_dsn, name)


@pytest.fixture
def dsn(migrated: Pool) -> Iterator[str]:
    """The URL of a migrated database that only this test uses, for tests that start processes."""
    name = migrated.take()
    yield migrated.url(name)
    migrated.give_back(name)


@pytest.fixture
def database(dsn: str) -> Iterator[Database]:
    """A fresh database, opened."""
    opened = Database(dsn, pool_size=4, moved_clock=clock.CLOCK).open()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def furnished(
    server_dsn: str, migrated: Pool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Pool, Shop]]:
    """Databases with the sample retailer in them, and what is known of their rows."""
    name = f"{migrated.template}_shop"
    dsn = databases.create(server_dsn, name, template=migrated.template)
    folder = tmp_path_factory.mktemp("furnished")
    with clock.at(NOON - timedelta(days=1)), builders.opened(dsn, folder) as app:
        shop = builders.set_up_shop(app)
    pool = Pool(server_dsn, name)
    yield pool, shop
    pool.close()


@pytest.fixture
def shop(furnished: tuple[Pool, Shop], tmp_path: Path) -> Iterator[Shop]:
    """The sample retailer on a database of this test's own, with everything open."""
    pool, known = furnished
    name = pool.take()
    with builders.opened(pool.url(name), tmp_path) as app:
        yield replace(known, app=app)
    pool.give_back(name)


@pytest.fixture
def speak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Mapping[Forms, Forms]], None]]:
    """Choose a language with these messages, compiled as a translator's catalog is."""

    def choose(messages: Mapping[Forms, Forms]) -> None:
        catalog = Catalog(locale="de", fuzzy=False)
        for english, translated in messages.items():
            catalog.add(english, translated)
        folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        with (folder / "doorstep.mo").open("wb") as file:
            write_mo(file, catalog)
        monkeypatch.setattr(i18n, "LOCALES", tmp_path / "locale")
        i18n.use("de")

    yield choose
    i18n.use(i18n.ENGLISH)
