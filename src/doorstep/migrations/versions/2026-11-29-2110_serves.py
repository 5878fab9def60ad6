"""A connection may serve some sales channels or legal entities only."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
