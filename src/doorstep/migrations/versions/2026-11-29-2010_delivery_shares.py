"""Deliveries are shared out by connection and may be pending; workers count what they finish by minute."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
