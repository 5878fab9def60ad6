"""Promises: calendars, tariffs, capacity."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
