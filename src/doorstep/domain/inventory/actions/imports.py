"""Verbs of imports: store a file as a stream, check and apply it in chunks; a crash loses nothing.

What a row does is not known here: the flow passes a function that applies rows of the file's kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from doorstep.domain.inventory import events
from doorstep.domain.inventory.model import imports as rules
from doorstep.domain.inventory.model.imports import (
    IMPORT_MOVES,
    SHAPES,
    Import,
    ImportRow,
    ImportState,
    NewImport,
)
from doorstep.domain.inventory.store import imports as store
from doorstep.domain.inventory.store.imports import Cells, Span
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ImportId
from doorstep.kernel.queues import Queue

__all__ = ["Cells"]
_COPIED_AT_ONCE = 10_000
_CHECKED_AT_ONCE = 50_000
_APPLIED_AT_ONCE = 5_000
_MOST_TOGETHER = 1_000  # fits into a chunk with space to spare


@dataclass(slots=True)
class Applied:
    """Results of rows: unchanged lines, rejected lines, and remarks on applied lines."""

    ignored: list[tuple[int, str]] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Applied) -> None:
        self.ignored += other.ignored
        self.bad += other.bad
        self.remarks += other.remarks


Apply = Callable[[WriteTx, Import, Sequence[Cells]], Applied]


def load(tx: WriteTx, *, new: NewImport, rows: Iterable[ImportRow], at: datetime) -> tuple[ImportId, bool]:
    """Store a file row by row; workers apply it. Returns its id, and whether its key was known."""
    rules.check_new(new, now=at)
    import_id = store.insert_import(tx, new, at=at)
    if import_id is None:
        known = store.select_by_key(tx, key=new.key or "")
        if known is None or known.kind is not new.kind:
            raise errors.Conflict(f"The key {new.key!r} belongs to another file: use a new key.")
        return known.id, True
    for batch in rules.batches(rows, _COPIED_AT_ONCE):
        store.copy_rows(tx, batch, import_id=import_id)
    store.finish_loading(tx, import_id=import_id)
    tx.wake_workers(Queue.FILES)
    return ImportId(import_id), False


def claim(tx: WriteTx, *, import_id: ImportId | None = None) -> Import | None:
    """A due file (this one, or the oldest) that no one else works on, locked."""
    return store.claim(tx, import_id=import_id)


def wait(tx: WriteTx, *, import_id: ImportId) -> None:
    """Wait until no worker has this file."""
    store.lock(tx, import_id=import_id)


def advance(tx: WriteTx, *, file: Import, apply: Apply, now: datetime) -> Import:
    """Check or apply the next chunk of a claimed file. Returns the file as it is now."""
    after = (
        _check(tx, file, apply, now) if file.state is ImportState.CHECKING else _apply(tx, file, apply, now)
    )
    store.update(tx, after)
    if after.is_over:
        event_log.append(tx, [_ended(after)], at=now)
    return after


def _check(tx: WriteTx, file: Import, apply: Apply, now: datetime) -> Import:
    to = min(file.checked_to + _CHECKED_AT_ONCE, file.last_line)
    shape = SHAPES[file.kind]
    bad = store.check_rows(tx, shape.columns, span=Span(file.id, file.checked_to, to))
    if to < file.last_line:
        return replace(file, checked_to=to, bad=file.bad + bad)
    bad += store.mark_repeated(tx, import_id=file.id)
    if shape.together:
        bad += store.mark_incomplete(tx, import_id=file.id, most=_MOST_TOGETHER)
    if shape.tried and file.whole and not file.bad + bad:
        bad += _dry_run(tx, file, apply)
    after = replace(file, checked_to=to, bad=file.bad + bad)
    if after.whole and after.bad:
        store.delete_good_rows(tx, import_id=file.id)
        return _entered(after, ImportState.REFUSED, now)
    return _entered(after, ImportState.APPLYING, now)


def _dry_run(tx: WriteTx, file: Import, apply: Apply) -> int:
    """Apply every row and roll back; marks rows that fail, and returns how many."""
    rows = store.select_due(tx, import_id=file.id, after=0)
    came = tx.preview(lambda: _apply_in_halves(tx, file, apply, _groups(file, rows)))
    store.mark_rows(tx, came.bad, import_id=file.id)
    return len(came.bad)


def _apply(tx: WriteTx, file: Import, apply: Apply, now: datetime) -> Import:
    rows = store.select_due(tx, import_id=file.id, after=file.applied_to, limit=_APPLIED_AT_ONCE)
    groups = _groups(file, rows)
    if SHAPES[file.kind].together and len(rows) == _APPLIED_AT_ONCE:
        rows = rows[: -len(groups.pop())]  # the last group may continue in the next chunk
    if not rows:
        return _entered(replace(file, applied_to=file.last_line), ImportState.DONE, now)
    came = _apply_in_halves(tx, file, apply, groups)
    span = Span(file.id, file.applied_to, rows[-1].line_no)
    store.finish_rows(tx, [*came.ignored, *came.bad, *came.remarks], span=span)
    return replace(
        file,
        applied_to=span.to,
        applied=file.applied + len(rows) - len(came.ignored) - len(came.bad),
        ignored=file.ignored + len(came.ignored),
        bad=file.bad + len(came.bad),
    )


def _groups(file: Import, rows: Sequence[Cells]) -> list[list[Cells]]:
    """Rows that are applied all or none: usually each alone."""
    if SHAPES[file.kind].together:
        return [list(group) for _, group in groupby(rows, key=lambda row: row.cells[0])]
    return [[row] for row in rows]


def _apply_in_halves(tx: WriteTx, file: Import, apply: Apply, groups: Sequence[Sequence[Cells]]) -> Applied:
    """Apply rows; on failure split in halves until the failing row (or group) stands alone."""
    try:
        with tx.savepoint():
            return apply(tx, file, [row for group in groups for row in group])
    except (errors.Invalid, errors.NotFound, errors.Conflict, errors.Refused) as problem:
        if len(groups) == 1:
            return Applied(bad=[(row.line_no, problem.message) for row in groups[0]])
    middle = len(groups) // 2
    came = _apply_in_halves(tx, file, apply, groups[:middle])
    came.add(_apply_in_halves(tx, file, apply, groups[middle:]))
    return came


def _entered(file: Import, state: ImportState, now: datetime) -> Import:
    states.transition(IMPORT_MOVES, file.state, state, thing=f"Import {file.id}")
    is_over = state in {ImportState.DONE, ImportState.REFUSED}
    return replace(file, state=state, finished_at=now if is_over else None)


def _ended(file: Import) -> events.ImportEnded:
    return events.ImportEnded(
        file.id, file.kind.value, file.state.value, file.applied, file.ignored, file.bad
    )


def stop(tx: WriteTx, *, import_id: ImportId, error: str, at: datetime) -> None:
    """Stop a file after an unexpected error, until a person resumes it."""
    file = store.lock(tx, import_id=import_id)
    if file is not None and ImportState.FAILED in IMPORT_MOVES[file.state]:
        stopped = replace(_entered(file, ImportState.FAILED, at), error=error)
        store.update(tx, stopped)
        event_log.append(tx, [_ended(stopped)], at=at)


def resume(tx: WriteTx, *, import_id: ImportId, at: datetime) -> None:
    """Resume a failed file from where it stopped. Raises NotFound, IllegalMove."""
    file = store.lock(tx, import_id=import_id)
    if file is None:
        raise errors.NotFound(f"There is no import {import_id}.")
    is_checked = file.checked_to >= file.last_line
    state = ImportState.APPLYING if is_checked else ImportState.CHECKING
    store.update(tx, replace(_entered(file, state, at), error=""))
    tx.wake_workers(Queue.FILES)
