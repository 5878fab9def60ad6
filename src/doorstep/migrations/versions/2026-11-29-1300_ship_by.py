"""One ship-by: the earliest of channel, calendar and cut-off."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
