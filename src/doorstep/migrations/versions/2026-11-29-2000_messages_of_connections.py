"""Messages of a connection can be listed and read again; connections remember their last check."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
