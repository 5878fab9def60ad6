"""Parcels without news and payments that were not captured are looked up at the partner."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
