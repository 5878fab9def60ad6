"""Open the configured database, or start the embedded one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from doorstep.kernel import settings as settings_module
from doorstep.kernel.postgres import server

NAME = "doorstep"


@dataclass(frozen=True, slots=True)
class Database:
    """A URL to connect to, and the embedded server behind it if there is one."""

    url: str
    local: server.LocalPostgres | None = None

    def release(self) -> None:
        """Release the embedded server; the last process stops it."""
        if self.local:
            self.local.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def open_or_connect(settings: settings_module.Settings, *, name: str = NAME) -> Database:
    """The operator's `database_url` as it is, else the embedded server in `data_dir`/postgres with database `name`.

    With a URL the wheel of the embedded server is not looked for, let alone touched. Nothing is connected here.
    """
    if settings.database_url:
        return Database(settings.database_url.get_secret_value())
    local = server.LocalPostgres(settings.data_dir / "postgres", programs=settings.pg_bin).start()
    with contextlib.ExitStack() as undo:
        undo.callback(local.release)
        local.ensure_database(name)
        undo.pop_all()
    return Database(local.dsn(name), local)
