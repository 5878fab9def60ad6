"""Movements that a stock source caused are spelled as the code spells them."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
