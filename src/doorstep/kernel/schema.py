"""Upgrade a database to the newest migration, and check whether this code works on its schema."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import psycopg
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.rows import tuple_row

from doorstep.kernel import errors
from doorstep.kernel.db import CONNECT_SECONDS, reachable, reason_of

# The oldest revision whose code works on the newest schema. Raise it in the release after the one that stopped using what a
# migration removes or changes, never further than to the newest revision of the previous minor version.
OLDEST_REVISION = "0024"


@dataclass(frozen=True, slots=True)
class State:
    """The revision of a database, the one of this code, and the oldest one whose code may use the database."""

    found: str
    needed: str
    oldest: str
    is_known: bool

    @property
    def is_newer(self) -> bool:
        """Whether a newer version has migrated the database."""
        return bool(self.found) and not self.is_known

    @property
    def problem(self) -> str:
        """Why this code cannot use the database, and what to do; empty if it can."""
        if self.is_newer:
            if self.oldest and self.oldest <= self.needed:
                return ""
            return (
                f"the schema is at {self.found}, which a newer version of Doorstep has made and which this one "
                f"({self.needed}) cannot use: start the newer version"
            )
        if self.found != self.needed:
            return f"the schema is at {self.found or 'nothing'}, {self.needed} is needed: doorstep migrate"
        return ""


def _config(dsn: str) -> Config:
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", "doorstep:migrations")
    config.attributes["url"] = dsn
    return config


def upgrade(dsn: str) -> None:
    """Run every missing migration; safe to call from several processes at once.

    Raises Unavailable, and Refused where a newer version has migrated the database.
    """
    before = state(dsn)
    if before.is_newer:
        raise errors.Refused(
            f"The schema is at {before.found}, which a newer version of Doorstep has made. This version ends at "
            f"{before.needed} and has nothing to migrate."
        )
    try:
        command.upgrade(_config(dsn), "head")
    except sqlalchemy.exc.OperationalError as problem:
        raise errors.Unavailable(f"The schema could not be upgraded: {reason_of(problem.orig)}.") from problem
    with reachable(dsn), psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS) as connection:
        connection.execute("UPDATE installation SET oldest_revision = %s", (OLDEST_REVISION,))


@functools.cache
def _revisions() -> tuple[str, ...]:
    """The revisions that this code knows, newest first."""
    return tuple(each.revision for each in ScriptDirectory.from_config(_config("")).walk_revisions())


def newest() -> str:
    """The revision that this code needs."""
    return next(iter(_revisions()), "")


def state(dsn: str) -> State:
    """What a database has and this code needs. Raises Unavailable when the database does not answer."""
    with reachable(dsn), psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS) as connection:
        return state_of(connection)


def state_of(connection: psycopg.Connection[dict[str, object]] | psycopg.Connection) -> State:
    """What the database of a connection has and this code needs."""
    found = _value(connection, "schema_history", "SELECT version_num FROM schema_history")
    oldest = _value(connection, "installation", "SELECT oldest_revision FROM installation")
    return State(found, newest(), oldest, found in _revisions())


def _value(
    connection: psycopg.Connection[dict[str, object]] | psycopg.Connection, table: str, statement: str
) -> str:
    """The only value of a table; empty if there is none, or no such table."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        exists = cursor.execute("SELECT to_regclass(%s)", (table,)).fetchone()
        if exists is None or exists[0] is None:
            return ""
        row = cursor.execute(statement.encode()).fetchone()
        return str(row[0]) if row else ""
