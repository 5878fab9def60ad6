"""Read a feed that is a folder: look, read what is complete, then move it away."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from typing import IO

from doorstep.domain.connections.actions import files as actions
from doorstep.domain.connections.model import Connection, Feature, Feed, Reading, Transfer, files
from doorstep.domain.connections.ports import FileSource
from doorstep.flows.capture import folder_moves
from doorstep.flows.context import Context
from doorstep.kernel import errors, log

_HOLD_SECONDS = 20.0  # a copy that takes longer keeps its lease
_IN_MEMORY_BYTES = 1_000_000


def read(
    context: Context, connection: Connection, feed: Feed, reading: Reading, *, stopped: Callable[[], bool]
) -> None:
    """One look at the folder. A process that dies goes on where it was: nothing is lost and nothing stored twice."""
    source = context.partners.file_source(connection.id)
    folder = source.folder(feed.name)
    actor = f"connection:{connection.key}"
    listed = folder_moves.listed(source, folder)
    found = context.db.transact(
        lambda tx: actions.look(tx, reading=reading, folder=folder, listed=listed), actor=actor
    )
    is_stopped = False
    for transfer in found.complete:
        is_stopped = is_stopped or stopped()
        if not is_stopped:
            _take(context, source, reading, transfer, actor)
    if source.files.may_change:
        folder_moves.move_all(context, source, folder, reading)
    wait = min(feed.every_seconds, files.LOOK_AGAIN_SECONDS) if found.is_waiting else feed.every_seconds
    due = 0.0 if is_stopped else wait
    context.db.transact(lambda tx: actions.end_look(tx, reading=reading, due_in_seconds=due), actor=actor)


def _take(context: Context, source: FileSource, reading: Reading, transfer: Transfer, actor: str) -> None:
    """Read one file: copy it here, look whether its content is known, store its parts."""
    trace_id = log.new_trace_id()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as copy:
        try:
            sha256 = _copy(context, source, reading, transfer, copy)
        except errors.NotFound:
            context.db.transact(lambda tx: actions.vanished(tx, transfer=transfer), actor=actor)
            return
        if sha256 is None:
            return
        begun = context.db.transact(
            lambda tx: actions.begin(tx, reading=reading, transfer=transfer, sha256=sha256), actor=actor
        )
        if begun is None:
            return
        try:
            _store(context, source, reading, begun, copy, trace_id)
        except errors.Invalid as problem:
            error = problem  # the name ends with its clause
            context.db.transact(
                lambda tx: actions.fail(tx, transfer=transfer, problem=error, trace_id=trace_id), actor=actor
            )


def _copy(
    context: Context, source: FileSource, reading: Reading, transfer: Transfer, copy: IO[bytes]
) -> str | None:
    """Copy a file here; returns its digest, or None if it grew meanwhile."""
    digest, size, held_at = hashlib.sha256(), 0, time.monotonic()
    for block in source.files.read(transfer.path):
        digest.update(block)
        size += len(block)
        copy.write(block)
        if time.monotonic() - held_at > _HOLD_SECONDS:
            held_at = time.monotonic()
            context.db.transact(lambda tx: actions.hold(tx, reading=reading), actor="system")
    copy.seek(0)
    return digest.hexdigest() if size == transfer.size_bytes else None


def _store(
    context: Context,
    source: FileSource,
    reading: Reading,
    transfer: Transfer,
    copy: IO[bytes],
    trace_id: str,
) -> None:
    """Store the parts that are not stored yet, each slice in a transaction of its own; then answer the file."""
    actor = f"connection:{context.partners.connection(transfer.connection_id).key}"
    parts = source.split(transfer.feed, transfer.name, copy)
    for each in files.slices(parts, after=transfer.documents):
        context.db.transact(
            lambda tx, each=each: actions.store_slice(  # type: ignore[misc]  # the slice is bound
                tx, reading=reading, transfer=transfer, parts=each, trace_id=trace_id
            ),
            actor=actor,
        )
    if source.files.may_change and context.partners.offers(transfer.connection_id, Feature.ACKNOWLEDGE_FILES):
        copy.seek(0)
        answering = context.partners.file_receipts(transfer.connection_id)
        answering.acknowledge_file(transfer.feed, transfer.name, copy)
    context.db.transact(lambda tx: actions.end(tx, transfer=transfer), actor=actor)
