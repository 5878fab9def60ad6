"""${message}"""

from doorstep.migrations.sql import run_beside

revision = "${up_revision}"
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_beside(__file__)
