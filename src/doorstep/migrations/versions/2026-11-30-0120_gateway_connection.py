"""A payment remembers which connection to its gateway reported it."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
