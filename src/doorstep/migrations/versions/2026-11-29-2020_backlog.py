"""What is not finished is found at once, also among millions that are."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
