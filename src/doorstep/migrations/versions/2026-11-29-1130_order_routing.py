"""What an order waits for is a table of its own, beside its commercial facts."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
