"""Messages by other media than e-mail: receipts, opt-outs, and what customers write."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
