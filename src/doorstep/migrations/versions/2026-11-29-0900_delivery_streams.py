"""Deliveries know the stream of their event; a call that was only shadowed is kept."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
