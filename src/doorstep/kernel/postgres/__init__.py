"""The database: the operator's URL, or an embedded server."""

from __future__ import annotations

from doorstep.kernel.postgres.database import Database, open_or_connect
from doorstep.kernel.postgres.server import LocalPostgres

__all__ = ["Database", "LocalPostgres", "open_or_connect"]
