"""Files that are exchanged with partners, each once by its content."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
