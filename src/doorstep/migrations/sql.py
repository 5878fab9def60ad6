"""A step's body is the .sql file beside it; forward only, as data does not come back by itself."""

from __future__ import annotations

from pathlib import Path

from alembic import op

# Every new step starts with these two lines, so that a deploy never queues the shop up behind a lock.
PREAMBLE = "SET LOCAL lock_timeout = '4s';\nSET LOCAL statement_timeout = '60s';\n"


def run_beside(step: str) -> None:
    """Run the `.sql` file that stands beside the step's Python file."""
    body = Path(step).with_suffix(".sql")
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("a migration needs a live connection")
    connection.execute(body.read_text())
