"""Rename stored subscribers and periodic jobs."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
