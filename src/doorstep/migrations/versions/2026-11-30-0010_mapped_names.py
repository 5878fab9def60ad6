"""More names than those of payment gateways can be mapped; scans that nobody understands are found quickly."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
