"""Routing: what rules ask of an order, where it waits, what a decision cost, planned work."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
