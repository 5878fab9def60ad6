"""Intake at speed: upkeep that does not grow with history."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
