"""A termination signal ends a command when it is known what the command has started."""

from __future__ import annotations

import signal
import subprocess
import sys

COMMAND = """
import os, signal, sys
from doorstep.kernel import signals

signals.exit_on_termination()
try:
    with signals.deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        print("started", flush=True)
    print("went on", flush=True)
finally:
    print("cleaned up", flush=True)
"""


def test_a_termination_waits_for_what_is_being_started() -> None:
    done = subprocess.run([sys.executable, "-c", COMMAND], capture_output=True, check=False, timeout=60)
    assert done.stdout.decode().split("\n") == ["started", "cleaned up", ""]
    assert done.returncode == 128 + signal.SIGTERM
