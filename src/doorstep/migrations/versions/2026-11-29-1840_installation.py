"""What is known of the installation as a whole: which key seals its secrets, and how old its code may be."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
