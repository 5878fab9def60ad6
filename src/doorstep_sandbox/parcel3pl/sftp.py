"""The SFTP server: one account that sees only its folders, by password or key; faults fail or disconnect its operations."""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import asyncssh

from doorstep_sandbox.frame import faults
from doorstep_sandbox.frame.wire import Json

HOST = "127.0.0.1"
Result = TypeVar("Result")
Pick = Callable[[faults.Target], faults.Fault | None]


@dataclasses.dataclass
class Account:
    """`keys` are public keys in OpenSSH's format; operations are added to `calls`."""

    username: str
    password: str
    keys: list[str]
    folder: Path
    pick: Pick
    calls: list[Json]


class Login(asyncssh.SSHServer):
    """Checks the account."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        account = self.account
        return username == account.username and hmac.compare_digest(
            password.encode(), account.password.encode()
        )

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        known = [asyncssh.import_public_key(text) for text in self.account.keys]
        return username == self.account.username and key in known


class Files(asyncssh.SFTPServer):
    """The account's folders. Every operation on a path can be made to fail."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], account: Account) -> None:
        account.folder.mkdir(parents=True, exist_ok=True)
        super().__init__(chan, chroot=str(account.folder).encode())
        self.account = account

    async def _spoiled(self, method: str, path: bytes, work: Callable[[], Result]) -> Result:
        name = path.decode(errors="replace")
        fault = self.account.pick(faults.Target(method, name, method, method, name))
        entry: Json = {"method": method, "path": name, "operation": method}
        self.account.calls.append(entry | {"fault": fault.kind.value if fault else None})
        if fault is None:
            return work()
        if fault.kind in {faults.Kind.STATUS_500, faults.Kind.STATUS_429}:
            raise asyncssh.SFTPFailure("Failure")
        if fault.kind is not faults.Kind.REFUSE_BEFORE_WORK:
            work()
        await asyncio.sleep(fault.hold_seconds)
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("Connection lost")

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        method = "PUT" if pflags & asyncssh.FXF_WRITE else "GET"
        return await self._spoiled(method, path, lambda: super(Files, self).open(path, pflags, attrs))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._spoiled("RENAME", newpath, lambda: super(Files, self).rename(oldpath, newpath))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._spoiled("RENAME", newpath, lambda: super(Files, self).posix_rename(oldpath, newpath))

    async def remove(self, path: bytes) -> None:
        await self._spoiled("REMOVE", path, lambda: super(Files, self).remove(path))


@dataclasses.dataclass
class Running:
    """A server that listens. `host_key` is its public key in OpenSSH's format."""

    acceptor: asyncssh.SSHAcceptor
    host_key: str

    @property
    def port(self) -> int:
        return self.acceptor.get_port()

    def close(self) -> None:
        self.acceptor.close()


async def serve(account: Account, port: int, private_key: str | None) -> Running:
    key = (
        asyncssh.import_private_key(private_key)
        if private_key
        else asyncssh.generate_private_key("ssh-ed25519")
    )
    acceptor = await asyncssh.listen(
        HOST,
        port,
        server_factory=lambda: Login(account),
        server_host_keys=[key],
        sftp_factory=lambda chan: Files(chan, account),
        process_factory=None,
        allow_scp=False,
        agent_forwarding=False,
    )
    return Running(acceptor, key.export_public_key("openssh").decode().strip())
