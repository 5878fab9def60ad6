"""American spelling in columns and states; event types in plain words."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
