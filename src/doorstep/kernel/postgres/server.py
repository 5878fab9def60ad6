"""An embedded PostgreSQL: data in one folder, started by the first user, stopped by the last.

Every process that uses the server holds a shared lock on `clients.lock`. The kernel drops the lock when a process
dies, however it dies, so the last process always knows that it is the last. Nothing listens on TCP; the socket is
in a folder that only its owner can enter, and the operating system says who is calling (peer authentication).

The folder:  data/          the cluster, owned by the user the server runs as
             etc/           configuration, written at every start; etc/local.conf is the operator's own
             socket/        unless that path is too long for a socket, then /tmp/doorstep-<hash>
             pg-<version>/  a copy of the programs, only where the server's user cannot reach the wheel
             *.lock         clients.lock and start.lock
"""

from __future__ import annotations

import atexit
import contextlib
import enum
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from doorstep.kernel import errors, log
from doorstep.kernel.postgres import config, programs

MAX_SOCKET_BYTES = 103  # macOS allows this much, Linux 107
BUILTIN_LOCALE_SINCE = 17
GRACE_SECONDS = 20.0  # for the last processes of a killed server to leave
START_SECONDS = 600.0  # crash recovery of a large database takes minutes
STOP_SECONDS = 60.0

logger = log.get(__name__)


class _Answer(enum.IntEnum):
    """Exit codes of pg_isready; unlike `pg_ctl status` it detects a dead server."""

    READY = 0
    BUSY = 1  # starting, recovering or stopping
    SILENT = 2


class LocalPostgres:
    """One embedded server per folder, shared by all processes that started it and have not released it."""

    def __init__(self, folder: Path, *, programs: Path | None = None, run_as: str = "nobody") -> None:
        """`programs` replaces the wheel's binaries (as DOORSTEP_PG_BIN does); `run_as` matters to root only."""
        self.folder = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100 - the one name all processes see
        self.data = self.folder / "data"
        self.socket = _socket_folder(self.folder)
        self._chosen = programs
        self._run_as = run_as
        self._locks: tuple[IO[bytes], IO[bytes]] | None = None

    def start(self) -> Self:
        """Join the running server or start it, creating the cluster on first use and recovering after a crash.

        Raises Invalid where the machine is not set up for it, Unavailable when the server does not come up.
        """
        if self._locks:
            return self
        self._own_folder()
        clients, starters = (self.folder / name for name in ("clients.lock", "start.lock"))
        self._locks = clients.open("ab"), starters.open("ab")
        with contextlib.ExitStack() as undo:
            undo.callback(self._release_lock)
            fcntl.flock(self._locks[1], fcntl.LOCK_EX)
            fcntl.flock(self._locks[0], fcntl.LOCK_SH)
            self._prepare()
            undo.callback(self._stop_if_last)
            self._bring_up()
            fcntl.flock(self._locks[1], fcntl.LOCK_UN)
            undo.pop_all()
        atexit.register(self.release)
        os.register_at_fork(after_in_child=self._release_lock)
        return self

    def dsn(self, database: str = "postgres") -> str:
        """The URL of a database on this server, for libpq and for SQLAlchemy alike."""
        return f"postgresql://{config.ROLE}@/{quote(database)}?host={quote(str(self.socket), safe='')}&port={config.PORT}"

    def ensure_database(self, name: str) -> None:
        """Create a database unless it is there; safe from many processes at once. The server must be started."""
        arguments = [str(self._bin / "createdb"), *self._address(), "-U", config.ROLE, "--", name]
        done = programs.myself().run(*arguments, output=subprocess.PIPE)
        said = done.stdout.decode(errors="replace").strip()
        if done.returncode and "already exists" not in said and "duplicate key" not in said:
            raise errors.Unavailable(f"The database {name} could not be created: {said}")

    def running(self) -> bool:
        """Whether a server listens in this folder now, started by whomever."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket / f".s.PGSQL.{config.PORT}")) == 0

    def release(self) -> None:
        """Leave the server; the last one out stops it. Harmless when called twice."""
        if not self._locks:
            return
        atexit.unregister(self.release)
        starters = self._locks[1]
        try:
            fcntl.flock(starters, fcntl.LOCK_EX)
            self._stop_if_last()
        finally:
            self._release_lock()

    def _stop_if_last(self) -> None:
        """Stop the server unless another process uses it. We must hold the start lock."""
        if self._locks and _only_holder(self._locks[0]):
            self._stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _release_lock(self) -> None:
        """Close our lock files. In a forked child too: it is no client and must not stop its parent's server."""
        for lock in self._locks or ():
            lock.close()
        self._locks = None

    def _own_folder(self) -> None:
        """Our own folder, never its parents, gets the mode it needs: a server of root's must pass through it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            owner = self.folder.stat().st_uid
            if owner == os.geteuid():
                self.folder.chmod(0o711 if owner == 0 else 0o700)
        except OSError as problem:
            raise errors.Invalid(
                f"No room for the database: {problem}. Choose a folder with DOORSTEP_DATA_DIR."
            ) from problem
        if owner != os.geteuid():
            raise errors.Invalid(
                f"{self.folder} belongs to another user (id {owner}): start Doorstep as that user."
            )

    def _prepare(self) -> None:
        self._account = programs.account_for(self.data, run_as=self._run_as)
        if not self._account.can("test", "-x", str(self.folder)):
            raise errors.Invalid(
                f"The database server runs as {self._account.name}, who cannot enter {self.folder}. Set DOORSTEP_DATA_DIR "
                "to a folder outside private homes, such as /var/lib/doorstep, or start Doorstep as an ordinary user, "
                "or set DOORSTEP_DATABASE_URL."
            )
        self._bin = programs.find(self._chosen, folder=self.folder, account=self._account)
        if not self.data.exists():
            self._create_cluster()
        written, ours = int((self.data / "PG_VERSION").read_text()), programs.major(self._bin)
        if written != ours:
            raise errors.Invalid(
                f"{self.data} was written by PostgreSQL {written}, but these programs are {ours}: name the older ones "
                "with DOORSTEP_PG_BIN, or move the data with pg_upgrade."
            )

    def _create_cluster(self) -> None:
        """Under another name first, so that an interrupted creation never looks like a finished one."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        programs.private_folder(draft, self._account)
        locale = ["--locale=C.UTF-8"]
        if programs.major(self._bin) >= BUILTIN_LOCALE_SINCE:  # sorts the same on every machine, for ever
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--auth-local=peer", "--auth-host=reject"]
        if self._run(
            "initdb", "-D", str(draft), "-U", config.ROLE, "-E", "UTF8", "--data-checksums", *access, *locale
        ):
            raise errors.Unavailable(f"The database could not be created: {self._log_tail()}")
        draft.rename(self.data)

    def _bring_up(self) -> None:
        began = time.monotonic()
        while (answer := self._ask()) is not _Answer.READY:
            if answer is _Answer.SILENT:
                self._launch()
            if time.monotonic() - began > (GRACE_SECONDS if answer is _Answer.SILENT else START_SECONDS):
                raise errors.Unavailable(f"The embedded database does not start: {self._log_tail()}")
            time.sleep(0.05)

    def _launch(self) -> None:
        programs.private_folder(self.socket, self._account)
        conf = config.write(
            self.folder / "etc", data=self.data, socket=self.socket, caller=programs.myself().name
        )
        self._remove_stale_pid_file()
        options = f"-c config_file={shlex.quote(str(conf))}"
        failed = self._run(
            "pg_ctl", "-D", str(self.data), "-w", "-t", f"{START_SECONDS:.0f}", "-o", options, "start"
        )
        logger.info(
            "embedded database refused" if failed else "embedded database started", folder=str(self.folder)
        )

    def _remove_stale_pid_file(self) -> None:
        """Drop postmaster.pid if its number is a zombie's or a stranger's, which PostgreSQL takes for a server.

        Both are common in containers: nobody reaps the dead, and low numbers come back after a restart. We hold the
        start lock, and PostgreSQL still refuses to start over shared memory that an old process uses.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = pid_file.read_text().split("\n", 1)[0]
            name, _, rest = Path(f"/proc/{int(pid)}/stat").read_text().partition("(")[2].rpartition(")")
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return  # no such file, no such process, or no /proc: PostgreSQL's own check is enough
        if name not in {"postgres", "postmaster"} or rest.split()[0] == "Z":
            pid_file.unlink(missing_ok=True)

    def _stop(self) -> None:
        if self._ask() is _Answer.SILENT:
            return
        if self._run("pg_ctl", "-D", str(self.data), "-w", "-t", f"{STOP_SECONDS:.0f}", "-m", "fast", "stop"):
            raise errors.Unavailable(f"The embedded database did not stop: {self._log_tail()}")
        logger.info("embedded database stopped", folder=str(self.folder))

    def _ask(self) -> _Answer:
        arguments = [str(self._bin / "pg_isready"), "-q", *self._address(), "-t", "3"]
        code = self._account.run(*arguments, output=subprocess.DEVNULL).returncode
        return _Answer(code) if code in set(_Answer) else _Answer.SILENT

    def _address(self) -> list[str]:
        return ["-h", str(self.socket), "-p", str(config.PORT)]

    def _run(self, program: str, *arguments: str) -> int:
        with (self.folder / "launcher.log").open("ab") as output:
            output.truncate(0)
            return self._account.run(str(self._bin / program), *arguments, output=output).returncode

    def _log_tail(self) -> str:
        said = (self.folder / "launcher.log").read_text(errors="replace").strip()
        return f"{said[-1500:]} (more in {self.data / 'log'})"


def _socket_folder(folder: Path) -> Path:
    """Inside the folder, or, where the path is too long or odd for a socket, a short one that all processes agree on."""
    inside = folder / "socket"
    if len(os.fsencode(inside / f".s.PGSQL.{config.PORT}")) <= MAX_SOCKET_BYTES and re.fullmatch(
        r"[\w./ -]+", str(inside)
    ):
        return inside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path("/tmp") / f"doorstep-{digest}"  # noqa: S108 - not TMPDIR, which differs between processes; checked before use


def _only_holder(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
