"""Upgrade a database to the newest migration, and read its current revision."""

from __future__ import annotations

import psycopg
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from doorstep.kernel import errors
from doorstep.kernel.db import CONNECT_SECONDS, reachable, reason_of


def _config(dsn: str) -> Config:
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", "doorstep:migrations")
    config.attributes["url"] = dsn
    return config


def upgrade(dsn: str) -> None:
    """Run every missing migration; safe to call from several processes at once. Raises Unavailable."""
    try:
        command.upgrade(_config(dsn), "head")
    except sqlalchemy.exc.OperationalError as problem:
        raise errors.Unavailable(f"The schema could not be upgraded: {reason_of(problem.orig)}.") from problem


def newest() -> str:
    """The revision that this code needs."""
    head = ScriptDirectory.from_config(_config("")).get_current_head()
    return head or ""


def current(dsn: str) -> str:
    """The revision that the database has; empty for a new one."""
    with reachable(dsn), psycopg.connect(dsn, connect_timeout=CONNECT_SECONDS) as connection:
        found = connection.execute("SELECT to_regclass('schema_history')").fetchone()
        if found is None or found[0] is None:
            return ""
        row = connection.execute("SELECT version_num FROM schema_history").fetchone()
        return str(row[0]) if row else ""
