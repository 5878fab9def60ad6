"""A return has a credit note for each invoice that its units are on."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
