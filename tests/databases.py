"""Databases of tests: copies of a template, the next one made while a test runs on the last."""

from __future__ import annotations

import itertools
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

# A copy of the files, which the file system of scratch folders may share until they are written.
_COPY = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
_DROP = "DROP DATABASE {} WITH (FORCE)"


def named(server_dsn: str, name: str) -> str:
    """The URL of a database on the server of another one."""
    return urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))


def administer(server_dsn: str, statement: str, *names: str) -> None:
    """Run a statement that no transaction may contain."""
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def create(server_dsn: str, name: str, *, template: str = "") -> str:
    """Create a database, perhaps as a copy of another; returns its URL."""
    if template:
        administer(server_dsn, _COPY, name, template)
    else:
        administer(server_dsn, "CREATE DATABASE {}", name)
    return named(server_dsn, name)


def drop(server_dsn: str, name: str) -> None:
    """Drop a database, whoever is connected."""
    administer(server_dsn, _DROP, name)


class Pool:
    """Copies of a template database for one test each. Close it at the end.

    A thread makes the next copy and drops the used one, so that a test waits for neither.
    """

    def __init__(self, server_dsn: str, template: str) -> None:
        self._server_dsn, self.template = server_dsn, template
        self._serial = itertools.count(1)
        self._work = ThreadPoolExecutor(1, thread_name_prefix=template)
        self._next: Future[str] | None = None

    def take(self) -> str:
        """The name of a fresh copy."""
        ready = self._next or self._work.submit(self._copy)
        self._next = self._work.submit(self._copy)
        return ready.result()

    def give_back(self, name: str) -> None:
        """Drop a used copy."""
        self._work.submit(drop, self._server_dsn, name)

    def settle(self) -> None:
        """Wait until nothing is copied or dropped: that has transactions, which a snapshot of the server sees."""
        self._work.submit(lambda: None).result()

    def url(self, name: str) -> str:
        """The URL of a copy."""
        return named(self._server_dsn, name)

    def close(self) -> None:
        """Drop what is left, the template too."""
        if self._next is not None:
            drop(self._server_dsn, self._next.result())
        self._work.shutdown()
        drop(self._server_dsn, self.template)

    def _copy(self) -> str:
        name = f"{self.template}_{next(self._serial)}"
        create(self._server_dsn, name, template=self.template)
        return name
