"""The file exchange of a connection: its store, its mode, and the log of what was sent."""

from __future__ import annotations

import hashlib
import itertools
import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from doorstep.kernel import http, log, transactions
from doorstep.kernel.files.store import Entry, Store

_log = log.get("files")


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to send. `what` says what kind of file it is, as people read it; `rows` how many lines or orders it has."""

    path: str
    content: bytes = field(repr=False)
    what: str = ""
    rows: int = 0

    @property
    def sha256(self) -> str:
        """The digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that is being sent or was sent under a reference of ours; `number` counts the files of the connection."""

    id: int
    number: int
    file: OutgoingFile
    is_written: bool = False


class SentLog(Protocol):
    """The files that a connection has sent, for all processes."""

    def begin(self, reference: str, build: Callable[[int], OutgoingFile]) -> SentFile:
        """The file of this reference: the stored one, or one that is built now with the next number and stored."""
        ...

    def written(self, sent: SentFile) -> None:
        """The file is in the partner's folder."""
        ...

    def failed(self, sent: SentFile, error: str) -> None:
        """The file could not be written; it is tried again."""
        ...


class MemorySentLog:
    """What was sent, in this process, for exchanges without a database."""

    def __init__(self) -> None:
        self.files: dict[str, SentFile] = {}
        self._numbers = itertools.count(1)

    def begin(self, reference: str, build: Callable[[int], OutgoingFile]) -> SentFile:
        """See SentLog."""
        if reference not in self.files:
            number = next(self._numbers)
            self.files[reference] = SentFile(number, number, build(number))
        return self.files[reference]

    def written(self, sent: SentFile) -> None:
        """See SentLog."""
        self.files |= {
            name: replace(each, is_written=True) for name, each in self.files.items() if each.id == sent.id
        }

    def failed(self, sent: SentFile, error: str) -> None:
        """See SentLog."""
        _log.warning("a file was not written", number=sent.number, error=error)


class Exchange:
    """The store of a connection as its mode allows it. Nothing is called in a write transaction."""

    def __init__(self, session: http.Session, store: Store, sent: SentLog) -> None:
        self._session = session
        self._store = store
        self._sent = sent
        session.closes(store)

    @property
    def may_change(self) -> bool:
        """Whether files are moved and written: not in shadow mode."""
        return self._session.mode == "live"

    def list_files(self, folder: str) -> Sequence[Entry]:
        """The files of a folder."""
        self._check_on()
        return self._store.list_files(folder)

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, in blocks."""
        self._check_on()
        return self._store.read(path)

    def move(self, path: str, folder: str, name: str) -> str:
        """Move a file into a folder; returns its new path. Raises Shadowed in shadow mode."""
        self._check_change("move", path)
        return self._store.move(path, folder, name)

    def send(self, reference: str, build: Callable[[int], OutgoingFile]) -> SentFile:
        """Write the file of this reference once, with its permanent name, content and number. Raises Shadowed.

        The file is stored before it is written: a repeat writes the same file under the same name, or nothing if it
        is written already, so a partner sees its number once.
        """
        if not self.may_change:
            self._check_change("write", build(0).path)
        self._check_on()
        sent = self._sent.begin(reference, build)
        if sent.is_written:
            return sent
        try:
            self._store.write(sent.file.path, sent.file.content)
        except http.Unanswered as problem:
            self._sent.failed(sent, problem.message)
            raise
        self._sent.written(sent)
        name = posixpath.basename(sent.file.path)
        _log.info("file sent", connection=self._session.name, file=name, bytes=len(sent.file.content))
        return replace(sent, is_written=True)

    def _check_on(self) -> None:
        transactions.refuse_in_transaction(f"{self._session.name}: files")
        if self._session.mode == "off":
            raise http.SwitchedOff(f"{self._session.name} is switched off.", connection=self._session.name)

    def _check_change(self, verb: str, path: str) -> None:
        self._check_on()
        if not self.may_change:
            raise http.Shadowed(
                f"{self._session.name} is in shadow mode: {path} was not touched ({verb}).",
                connection=self._session.name,
                path=path,
            )
