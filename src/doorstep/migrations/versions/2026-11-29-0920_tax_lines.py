"""Taxes of any kind and the legal entity of invoices as columns."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
