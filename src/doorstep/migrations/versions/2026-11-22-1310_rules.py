"""Rule sets: immutable versions, golden cases, trials."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
