"""A benchmark that is ended from outside leaves no folder, database or process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_PROGRAM = """
import time
from doorstep.kernel.signals import interrupt_on_every_signal
from doorstep_bench import scratch
interrupt_on_every_signal()
with scratch.installation() as place, place.process("doorstep", "worker") as worker:
    print(place.folder, worker.pid, (place.folder / "data/postgres/data/postmaster.pid").read_text().split()[0], flush=True)
    time.sleep(60)
"""


def runs(pid: str) -> bool:
    """Whether a process is there; a dead one that nobody has buried is not."""
    stat = Path("/proc", pid, "stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_benchmark_clears_up_on_every_signal(ending: signal.Signals) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=clean,
    ) as program:
        assert program.stdout is not None
        folder, *processes = next(
            line for line in program.stdout if "doorstep-bench-" in line and "[" not in line
        ).split()
        assert [runs(pid) for pid in processes] == [True, True]
        program.send_signal(ending)
        time.sleep(0.2)
        program.send_signal(signal.SIGHUP)  # a terminal that closes does not interrupt it
        program.wait(30)
    assert (Path(folder).exists(), [runs(pid) for pid in processes]) == (False, [False, False])
