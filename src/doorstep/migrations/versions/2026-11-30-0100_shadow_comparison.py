"""What others did while a connection was in shadow mode, compared with what it would have sent."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
