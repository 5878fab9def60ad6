"""Sentences that are stored can be translated: their template and values instead of finished English."""

from __future__ import annotations

from doorstep.migrations.sql import run_beside

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
