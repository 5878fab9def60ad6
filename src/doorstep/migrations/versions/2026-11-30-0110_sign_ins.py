"""People connect connections by signing in at the vendor in the browser."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
