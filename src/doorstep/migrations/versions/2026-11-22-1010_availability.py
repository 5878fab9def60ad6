"""What may be promised: rules, future supply, promises, freshness."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
