"""Failed sign-ins are counted by where they come from, so that nobody can lock others out."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
