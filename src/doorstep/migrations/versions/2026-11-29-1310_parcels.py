"""A parcel, its label, its tracking and the orders in it become tables of their own."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
