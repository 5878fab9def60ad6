"""Hindsight, last message, and the fields of rule documents in plain names."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
