"""Processes share tokens, rate limits and circuits of connections."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
