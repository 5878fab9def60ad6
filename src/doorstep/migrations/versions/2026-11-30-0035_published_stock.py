"""What sales channels were sent of our stock, and what they are to be sent next."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
