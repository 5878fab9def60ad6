"""Fulfillment orders that warehouses of partners carry out."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
