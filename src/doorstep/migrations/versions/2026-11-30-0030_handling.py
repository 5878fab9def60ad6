"""Orders that are shown and not routed: shipped by others, older than the connection, not released yet."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
