"""The ledger grows: incoming, reversals, holds and commitments of the network, kits."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
