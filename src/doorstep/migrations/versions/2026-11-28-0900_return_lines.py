"""Several lines of a return may name the same order line."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
