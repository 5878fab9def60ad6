"""Connections read their vendors by the clock, fetch what hints name, and fill in history."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
