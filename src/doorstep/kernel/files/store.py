"""What a file store offers, whatever is behind it: a folder, an SFTP server, a bucket, a mailbox."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from doorstep.kernel import errors

BLOCK_BYTES = 256 * 1024
_LONGEST_PATH = 1_000
_TEMPORARY_ENDINGS = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".writing")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as its store lists it. Files with the same `unit` move together (attachments of one mail)."""

    path: str
    name: str
    size: int
    modified_at: datetime | None = None
    unit: str = ""


class Store(Protocol):
    """Folders with files. Paths are relative to the address of the store, with slashes; all methods are thread-safe.

    Raises http.AuthFailed, http.Unanswered, errors.NotFound, errors.Refused.
    """

    def list_files(self, folder: str) -> Sequence[Entry]:
        """The files of a folder, without its folders. Raises NotFound if there is no such folder."""
        ...

    def read(self, path: str) -> Iterator[bytes]:
        """The content in blocks."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write a whole file, visible under its name only when it is complete; one with this name is replaced."""
        ...

    def move(self, path: str, folder: str, name: str) -> str:
        """Move a file into a folder, which is made if it is missing; returns its new path. A repeat changes nothing."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


class FileExchange(Protocol):
    """The store of a connection as its mode allows it (exchange.Exchange)."""

    @property
    def may_change(self) -> bool:
        """Whether files are moved and written: not in shadow mode."""
        ...

    def list_files(self, folder: str) -> Sequence[Entry]:
        """See Store."""
        ...

    def read(self, path: str) -> Iterator[bytes]:
        """See Store."""
        ...

    def move(self, path: str, folder: str, name: str) -> str:
        """See Store. Raises http.Shadowed in shadow mode."""
        ...


def is_temporary(name: str) -> bool:
    """Whether a name says that its file is being written, or is hidden."""
    return name.startswith((".", "~")) or name.casefold().endswith(_TEMPORARY_ENDINGS)


def temporary(path: str) -> str:
    """The name under which a file is written until it is complete."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder, f".{name}.writing")


def checked(path: str) -> str:
    """A relative path that stays inside the store. Raises Invalid for any other."""
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or "\0" in path or "\\" in path or len(path) > _LONGEST_PATH:
        raise errors.Invalid(f"{path!r} is not a path inside the file store.", field="path")
    return "/".join(part for part in parts if part not in {"", "."})


def under(folder: str, name: str) -> str:
    """The path of a file in a folder; "" is the folder that the address names."""
    return checked(f"{folder}/{name}" if folder else name)
