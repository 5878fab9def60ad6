"""Files that are exchanged with partners: where they are, when one is complete, what has become of it.

A file is taken once per content. It is read only when it is complete, stored in messages of bounded size, and then moved
to the archive; what cannot be read goes to the errors folder and is a dead message.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.files.store import Entry, is_temporary
from doorstep.kernel.ids import ConnectionId

LOOK_AGAIN_SECONDS = 10.0  # while a file may still grow
SLICE_DOCUMENTS = 200
SLICE_BYTES = 4_000_000
MOST_PART_BYTES = 1_000_000  # of one message


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a feed's files come from. `marker`: a file is complete once one of its name with this ending is beside it.

    Without a marker a file is complete when its size and time are the same at two looks.
    """

    path: str
    pattern: str = "*"
    archive: str = "archive"
    errors: str = "errors"
    marker: str = ""

    def wants(self, name: str) -> bool:
        """Whether a file of this name is to be read: not one that is being written, nor a marker."""
        is_marker = bool(self.marker) and name.endswith(self.marker)
        return (
            not is_temporary(name)
            and not is_marker
            and fnmatch.fnmatchcase(name.casefold(), self.pattern.casefold())
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file that is stored as one message; `rows` is how many lines, orders or shipments it has."""

    topic: str
    body: bytes = field(repr=False)
    rows: int = 1
    changed_at: datetime | None = None


class TransferState(StrEnum):
    """In: seen → reading → read, skipped (known content) or failed; waiting: a person has it read again.

    Out: writing (stored, not written yet) → written.
    """

    SEEN = "seen"
    WAITING = "waiting"
    READING = "reading"
    READ = "read"
    SKIPPED = "skipped"
    FAILED = "failed"
    WRITING = "writing"
    WRITTEN = "written"


_S = TransferState
TRANSFER_MOVES: Mapping[TransferState, frozenset[TransferState]] = {
    _S.SEEN: frozenset({_S.READING, _S.SKIPPED}),
    _S.WAITING: frozenset({_S.READING, _S.SKIPPED, _S.FAILED}),
    _S.READING: frozenset({_S.READ, _S.FAILED}),
    _S.READ: frozenset({_S.WAITING}),
    _S.SKIPPED: frozenset(),
    _S.FAILED: frozenset({_S.WAITING}),
    _S.WRITING: frozenset({_S.WRITTEN}),
    _S.WRITTEN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Transfer:
    """A file that came: `path` says where it is now, `documents` how many of its parts are stored."""

    id: int
    connection_id: ConnectionId
    feed: str
    name: str
    path: str
    unit: str
    size_bytes: int
    modified_at: datetime | None
    state: TransferState
    reading: int
    documents: int
    rows: int
    is_moved: bool
    sha256: str | None = None

    def is_like(self, entry: Entry) -> bool:
        """Whether this is the file as the store lists it now, not another one under its name."""
        return (self.path, self.size_bytes, self.modified_at) == (entry.path, entry.size, entry.modified_at)

    def event_id(self, number: int) -> str:
        """The event id of one of its parts: the same whenever this reading is repeated."""
        return f"file/{self.id}/{self.reading}/{number}"


@dataclass(frozen=True, slots=True)
class FileRetry:
    """The dead message of a file that could not be read is retried: the file is read again."""

    transfer_id: int


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a folder finds: new files, those that changed since the last look, and those that are complete."""

    new: Sequence[Entry]
    changed: Mapping[int, Entry]
    gone: Sequence[int]
    complete: Sequence[Transfer]

    @property
    def is_waiting(self) -> bool:
        """Whether a file may still grow: it is looked at again soon."""
        return bool(self.new or self.changed)


_OPEN = frozenset({_S.SEEN, _S.WAITING, _S.READING})


def is_open(state: TransferState) -> bool:
    """Whether a file is still to be read."""
    return state in _OPEN


def look(folder: Folder, listed: Sequence[Entry], known: Sequence[Transfer]) -> Look:
    """Compare what a folder lists with the transfers that are open or not moved yet."""
    names = {each.name for each in listed}
    wanted = {each.path: each for each in listed if folder.wants(each.name)}
    new, changed, gone, complete = dict(wanted), {}, [], []
    for each in known:
        entry = wanted.get(each.path)
        if each.state is _S.SEEN and entry is None:
            gone.append(each.id)
        elif each.state is _S.SEEN and entry is not None:
            new.pop(each.path, None)
            if not folder.marker and not each.is_like(entry):
                changed[each.id] = entry
            elif not folder.marker or each.name + folder.marker in names:
                complete.append(each)
        elif each.state in _OPEN:
            new.pop(each.path, None)
            complete.append(each)
        elif entry is not None and each.is_like(entry):
            new.pop(each.path, None)
    return Look(list(new.values()), changed, gone, complete)


def movable(
    ended: Sequence[Transfer], listed: Sequence[Entry], open_units: Collection[str]
) -> Iterator[Transfer]:
    """Those that may be moved away now: not while another file has their name, or others of their unit are unread."""
    now = {each.path: each for each in listed}
    for each in ended:
        entry = now.get(each.path)
        if (entry is None or each.is_like(entry)) and (not each.unit or each.unit not in open_units):
            yield each


def slices(parts: Iterable[Part], *, after: int) -> Iterator[list[Part]]:
    """The parts after the first `after`, in slices that fit one transaction. Raises Invalid for one that is too large."""
    found: list[Part] = []
    size = 0
    for number, part in enumerate(parts):
        if len(part.body) > MOST_PART_BYTES:
            raise errors.Invalid(
                f"Part {number + 1} has {len(part.body)} bytes: at most {MOST_PART_BYTES} are stored."
            )
        if number < after:
            continue
        if found and (len(found) == SLICE_DOCUMENTS or size + len(part.body) > SLICE_BYTES):
            yield found
            found, size = [], 0
        found.append(part)
        size += len(part.body)
    if found:
        yield found
