"""Run several worker processes: restart those that die, stop them together, leave none behind."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from doorstep.delivery.worker import batches
from doorstep.kernel import log
from doorstep.kernel.queues import Queue

_log = log.get("supervisor")
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_STEADY_SECONDS = 60.0  # a process that lived this long starts again at once
_LONGEST_END = 60.0  # then a process that did not stop is killed

RunProcess = Callable[[Sequence[Queue], int, Callable[[Callable[[], None]], None]], None]


@dataclass(slots=True)
class _Process:
    """A process that is to run: its queues, its process id (0: none), and when to start it."""

    number: int
    queues: tuple[Queue, ...]
    pid: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    wait: float = _FIRST_WAIT


@dataclass(slots=True)
class Supervisor:
    """Forks one process per entry of the layout and watches over them until it gets a signal to stop.

    `run_process(queues, number, on_stop)` is all that a process does; it gives `on_stop` what ends it. Nothing may
    be open here that a process must not share: no database connection and no thread.
    """

    layout: Sequence[tuple[Queue, ...]]
    run_process: RunProcess
    _processes: list[_Process] = field(default_factory=list)
    _stopping_at: float = 0.0
    _parent_pipe: tuple[int, int] = (-1, -1)

    def run(self) -> None:
        """Return when every process has ended after a signal to stop."""
        self._parent_pipe = os.pipe()
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for each in _STOPPING:
            signal.signal(each, self._stop)
        signal.signal(signal.SIGCHLD, _noted)
        self._processes = [_Process(number, queues) for number, queues in enumerate(self.layout)]
        while not self._stopping_at or any(process.pid for process in self._processes):
            self._start_due()
            if select.select([woken], [], [], self._patience())[0]:
                os.read(woken, 1_000)
            self._reap()
            if self._stopping_at and time.monotonic() - self._stopping_at > _LONGEST_END:
                self._signal_all(signal.SIGKILL)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Stop every process."""
        self._stopping_at = self._stopping_at or time.monotonic()
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for process in self._processes:
            if process.pid:
                os.kill(process.pid, number)  # its number is not given to another process before _reap

    def _patience(self) -> float:
        """Seconds until the next process is to be started or killed."""
        if self._stopping_at:
            return 1.0
        waits = [process.start_at - time.monotonic() for process in self._processes if not process.pid]
        return max(0.0, min([*waits, _LONGEST_WAIT]))

    def _start_due(self) -> None:
        for process in self._processes:
            if not process.pid and not self._stopping_at and process.start_at <= time.monotonic():
                process.started_at = time.monotonic()
                process.pid = self._fork(process)
                if self._stopping_at:  # the signal came while it was being started
                    os.kill(process.pid, signal.SIGTERM)

    def _reap(self) -> None:
        for process in self._processes:
            pid, status = os.waitpid(process.pid, os.WNOHANG) if process.pid else (0, 0)
            if pid:
                _plan_restart(process, time.monotonic())
                code = os.waitstatus_to_exitcode(status)  # -11: by signal 11
                if not self._stopping_at:
                    _log.warning(
                        "a worker process ended", queues=[*process.queues], code=code, starts_in=process.wait
                    )

    def _fork(self, process: _Process) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._run_child(process)
                code = 0
            except Exception as problem:  # noqa: BLE001 - the process ends: it is logged, and a new one is started
                batches.report(problem, "a worker process failed", queues=[*process.queues])
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        return pid

    def _run_child(self, process: _Process) -> None:
        """Run in the new process: it stops by a signal, and when its supervisor is gone."""
        ending = _Ending()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in _STOPPING:
            signal.signal(each, ending.signaled)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        reading, writing = self._parent_pipe
        os.close(writing)
        threading.Thread(target=ending.watch, args=(reading,), name="supervisor", daemon=True).start()
        self.run_process(process.queues, process.number, ending.on_stop)


def _plan_restart(process: _Process, now: float) -> None:
    is_steady = now - process.started_at > _STEADY_SECONDS
    process.pid = 0
    process.wait = _FIRST_WAIT if is_steady else min(process.wait * 2, _LONGEST_WAIT)
    process.start_at = now + process.wait


def _noted(_number: int, _frame: FrameType | None) -> None:
    """A process has ended: the wake-up pipe says so."""


@dataclass(slots=True)
class _Ending:
    """Stops a process, also when the signal comes before it has started to work."""

    _stop: Callable[[], None] | None = None
    _is_stopping: bool = False

    def on_stop(self, stop: Callable[[], None]) -> None:
        """`stop` ends this process."""
        self._stop = stop
        if self._is_stopping:
            stop()

    def signaled(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()

    def stop(self) -> None:
        self._is_stopping = True
        if self._stop is not None:
            self._stop()

    def watch(self, pipe: int) -> None:
        """Nobody writes to the pipe: reading from it ends when the supervisor does, even by `kill -9`."""
        os.read(pipe, 1)
        self.stop()
        time.sleep(_LONGEST_END)
        os._exit(1)
