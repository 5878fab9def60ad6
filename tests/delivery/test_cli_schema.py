"""Commands on a database without a schema say what to run."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_command_before_the_first_migration_names_the_command_to_run(bare_dsn: str) -> None:
    environment = {**os.environ, "DOORSTEP_DATABASE_URL": bare_dsn, "DOORSTEP_SECRET_KEY": "k" * 40}
    done = subprocess.run(
        [sys.executable, "-m", "doorstep", "users", "add-key", "script"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "run doorstep migrate" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stdout + done.stderr
