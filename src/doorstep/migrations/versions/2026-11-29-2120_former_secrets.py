"""A webhook secret can be changed without losing messages that are still signed with the former one."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
