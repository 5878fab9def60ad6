"""Files on an SFTP server: its host key is pinned, one session is kept, every call has a time-out."""

from __future__ import annotations

import asyncio
import contextlib
import posixpath
import stat
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import SplitResult, unquote

import asyncssh

from doorstep.kernel import errors, http, log
from doorstep.kernel.files.settings import FileSettings, host_of, listed, port_of, user_of
from doorstep.kernel.files.store import BLOCK_BYTES, Entry, checked, temporary, under

T = TypeVar("T")
_CONNECT_SECONDS = 20.0
_LOST = (OSError, asyncssh.Error, TimeoutError)
_log = log.get("files")


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to sign in. `host_keys`: fingerprints (SHA256:…) or public keys; any other key is refused."""

    host: str
    port: int
    username: str
    host_keys: tuple[str, ...]
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    folder: str = ""
    timeout_seconds: float = 30.0


class _PinnedHost(asyncssh.SSHClient):
    """Accepts the pinned keys only, and remembers which key the server showed."""

    def __init__(self, pinned: Sequence[str]) -> None:
        self.shown = ""
        self._pinned = {" ".join(each.split()[:2]) for each in pinned}

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Whether the key of the server is pinned."""
        self.shown = key.get_fingerprint()
        public = " ".join(key.export_public_key().decode().split()[:2])
        return bool(self._pinned & {self.shown, public})


class _Runner:
    """A thread with an event loop."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=f"sftp {name}", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[None, None, T]) -> T:
        """Run work in the loop, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self, connection: asyncssh.SSHClientConnection | None) -> None:
        """End the session and the loop, with everything that still waits in it."""
        self.run(_end(connection))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_CONNECT_SECONDS)
        self.loop.close()


async def _end(connection: asyncssh.SSHClientConnection | None) -> None:
    if connection is not None:
        connection.abort()
        await connection.wait_closed()
    waiting = asyncio.all_tasks() - {asyncio.current_task()}
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


class SftpStore:
    """Satisfies Store. A thread runs the session's event loop; callers wait for their answers."""

    def __init__(self, server: Server, *, name: str) -> None:
        self._server = server
        self._name = name
        self._lock = threading.Lock()
        self._runner: _Runner | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    def list_files(self, folder: str) -> Sequence[Entry]:
        """See Store."""

        async def work(sftp: asyncssh.SFTPClient) -> list[Entry]:
            found = [
                each
                async for each in sftp.scandir(self._full(folder))
                if stat.S_ISREG(each.attrs.permissions or 0)
            ]
            return sorted((_entry(folder, each) for each in found), key=lambda each: each.path)

        return self._call(folder, work)

    def read(self, path: str) -> Iterator[bytes]:
        """See Store."""
        offset, full = 0, self._full(path)

        async def work(sftp: asyncssh.SFTPClient) -> bytes:
            async with sftp.open(full, "rb", encoding=None) as file:
                return await file.read(16 * BLOCK_BYTES, offset)

        while block := self._call(path, work):
            offset += len(block)
            yield block

    def write(self, path: str, content: bytes) -> None:
        """See Store."""
        full, unfinished = self._full(path), self._full(temporary(path))

        async def work(sftp: asyncssh.SFTPClient) -> None:
            async with sftp.open(unfinished, "wb") as file:
                await file.write(content)
            await _rename(sftp, unfinished, full)

        self._call(path, work, changes=True)

    def move(self, path: str, folder: str, name: str) -> str:
        """See Store."""
        target = under(folder, name)

        async def work(sftp: asyncssh.SFTPClient) -> None:
            if not await sftp.exists(self._full(path)) and await sftp.exists(self._full(target)):
                return
            if not await sftp.isdir(self._full(folder)):
                await sftp.makedirs(self._full(folder), exist_ok=True)
            await _rename(sftp, self._full(path), self._full(target))

        self._call(path, work, changes=True)
        return target

    def close(self) -> None:
        """See Store."""
        with self._lock:
            runner, connection = self._runner, self._connection
            self._runner = self._connection = self._sftp = None
        if runner is not None:
            runner.close(connection)

    def _full(self, path: str) -> str:
        return posixpath.join(self._server.folder, checked(path)) or "."

    def _call(
        self,
        path: str,
        work: Callable[[asyncssh.SFTPClient], Coroutine[None, None, T]],
        *,
        changes: bool = False,
    ) -> T:
        """One call over the session that is kept; a session that has ended meanwhile is opened again once."""
        with self._explained(path, changes=changes):
            with self._lock:
                is_new = self._sftp is None
                sftp = self._opened()
            try:
                return self._run(work(sftp), self._server.timeout_seconds)
            except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.ConnectionLost):
                self._forget()
                if is_new or changes:
                    raise
            with self._lock:
                sftp = self._opened()
            return self._run(work(sftp), self._server.timeout_seconds)

    def _run(self, work: Coroutine[None, None, T], seconds: float) -> T:
        if self._runner is None:
            self._runner = _Runner(self._name)
        return self._runner.run(asyncio.wait_for(work, seconds))

    def _opened(self) -> asyncssh.SFTPClient:
        if self._sftp is None:
            self._connection, self._sftp = self._run(self._open(), 2 * _CONNECT_SECONDS)
        return self._sftp

    async def _open(self) -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
        server, host = self._server, _PinnedHost(self._server.host_keys)
        keys = [asyncssh.import_private_key(server.private_key)] if server.private_key else []
        try:
            connection = await asyncssh.connect(
                server.host,
                server.port,
                username=server.username,
                password=server.password or None,
                client_keys=keys,
                known_hosts=([], [], []),
                client_factory=lambda: host,
                agent_path=None,
                config=None,
                connect_timeout=_CONNECT_SECONDS,
                login_timeout=_CONNECT_SECONDS,
                keepalive_interval=30,
            )
        except asyncssh.HostKeyNotVerifiable as problem:
            shown = (
                f" It showed {host.shown}: compare it with what the partner gave you." if host.shown else ""
            )
            raise http.AuthFailed(
                f"{self._name}: the host key of the server is not the pinned one.{shown}"
            ) from problem
        return connection, await connection.start_sftp_client()

    def _forget(self) -> None:
        with self._lock:
            connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None and self._runner is not None:
            self._runner.loop.call_soon_threadsafe(connection.abort)

    @contextlib.contextmanager
    def _explained(self, path: str, *, changes: bool) -> Iterator[None]:
        try:
            yield
        except asyncssh.SFTPNoSuchFile as problem:
            raise errors.NotFound(f"{self._name} has no {path or 'such folder'}.") from problem
        except (asyncssh.SFTPPermissionDenied, asyncssh.PermissionDenied) as problem:
            raise http.AuthFailed(f"{self._name}: no access to {path}: {_reason(problem)}") from problem
        except asyncssh.KeyImportError as problem:
            raise http.AuthFailed(f"{self._name}: the private key cannot be read.") from problem
        except _LOST as problem:
            _log.warning("the SFTP session failed", connection=self._name, error=_reason(problem))
            self._forget()
            message = f"{self._name} did not answer: {_reason(problem)}"
            raise http.Unanswered(message, maybe_done=changes) from problem


def _entry(folder: str, found: asyncssh.SFTPName) -> Entry:
    name = found.filename if isinstance(found.filename, str) else found.filename.decode(errors="replace")
    changed = found.attrs.mtime
    modified_at = datetime.fromtimestamp(changed, UTC) if changed is not None else None
    return Entry(under(folder, name), name, found.attrs.size or 0, modified_at)


async def _rename(sftp: asyncssh.SFTPClient, path: str, target: str) -> None:
    """Rename over an existing file in one step where the server can, else remove that first."""
    try:
        await sftp.posix_rename(path, target)
    except asyncssh.SFTPOpUnsupported:
        if await sftp.exists(target):
            await sftp.remove(target)
        await sftp.rename(path, target)


def _reason(problem: BaseException) -> str:
    return log.redact_text(str(problem)) or type(problem).__name__


def open_store(settings: FileSettings, parts: SplitResult, *, name: str) -> SftpStore:
    """The store of an address sftp://user@host/folder. Without a pinned host key there is none."""
    pinned = listed(settings.host_key)
    if not pinned:
        raise errors.Invalid(
            "Set host_key: the partner gives you the host key of the SFTP server.", field="host_key"
        )
    server = Server(
        host=host_of(parts),
        port=port_of(parts),
        username=user_of(parts),
        host_keys=pinned,
        password=settings.password.get_secret_value(),
        private_key=settings.private_key.get_secret_value(),
        folder=unquote(parts.path).lstrip("/"),
        timeout_seconds=settings.file_timeout_seconds,
    )
    return SftpStore(server, name=name)
