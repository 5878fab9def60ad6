"""What people and feeds do with stock: receipts, transfers, counts, feeds, replenishment."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
