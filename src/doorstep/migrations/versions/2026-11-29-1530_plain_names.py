"""Plain names: tables, columns, fields of events and documents, and what the tables are for."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
