"""Files that come from partners: found, read once per content, stored in slices, moved away; read again by people."""

from __future__ import annotations

import json
from collections.abc import Sequence

from doorstep.domain.connections.actions import inbox
from doorstep.domain.connections.model import FileRetry, Folder, Part, Reading, Transfer, TransferState, files
from doorstep.domain.connections.model.files import Look
from doorstep.domain.connections.store import files as store
from doorstep.domain.connections.store import inbox as inbox_store
from doorstep.domain.connections.store.inbox import Arrival
from doorstep.kernel import errors, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.files.store import Entry
from doorstep.kernel.jobs import Failure
from doorstep.kernel.queues import Queue

FILE_TOPIC = "doorstep.file"  # a file that could not be read, in the inbox


def look(tx: WriteTx, *, reading: Reading, folder: Folder, listed: Sequence[Entry]) -> Look:
    """Record what a folder lists; returns what is complete and is to be read now. Raises LostLease."""
    store.extend_lease(tx, reading)
    known = store.select_unfinished(tx, connection_id=reading.connection_id, feed=reading.feed)
    found = files.look(folder, listed, known)
    for transfer_id, entry in found.changed.items():
        store.update_seen(tx, transfer_id=transfer_id, entry=entry)
    store.delete_seen(tx, transfer_ids=found.gone)
    added = store.insert_seen(tx, connection_id=reading.connection_id, feed=reading.feed, entries=found.new)
    names = {each.name for each in listed}
    marked = [each for each in added if folder.marker and each.name + folder.marker in names]
    return Look(found.new, found.changed, found.gone, [*found.complete, *marked])


def hold(tx: WriteTx, *, reading: Reading) -> None:
    """Keep the lease while a large file is copied. Raises LostLease."""
    store.extend_lease(tx, reading)


def begin(tx: WriteTx, *, reading: Reading, transfer: Transfer, sha256: str) -> Transfer | None:
    """Begin or go on to read a file whose content is here; None if that content was taken before. Raises LostLease."""
    store.extend_lease(tx, reading)
    current = _locked(tx, transfer.id)
    same = store.select_same(tx, transfer=current, sha256=sha256)
    if same:
        _enter(current, TransferState.SKIPPED)
        store.update_skipped(tx, transfer_id=current.id, sha256=sha256, duplicate_of=same[0])
        return None
    if current.state is not TransferState.READING:
        _enter(current, TransferState.READING)
    elif current.sha256 != sha256:
        raise errors.Conflict(f"{current.name} has changed while it was read.")
    store.update_begun(tx, transfer_id=current.id, sha256=sha256)
    return current


def store_slice(
    tx: WriteTx, *, reading: Reading, transfer: Transfer, parts: Sequence[Part], trace_id: str
) -> Transfer:
    """Store the next parts of a file as messages, with how far it is read, in one transaction. Raises LostLease."""
    store.extend_lease(tx, reading)
    current = _locked(tx, transfer.id)
    arrivals = [
        Arrival(
            current.connection_id,
            current.event_id(number),
            part.topic,
            {"file": current.name, "feed": current.feed},
            part.body,
            trace_id,
        )
        for number, part in enumerate(parts, start=current.documents)
    ]
    inbox.receive(tx, arrivals=arrivals)
    store.insert_messages(tx, transfer=current, event_ids=[each.external_event_id for each in arrivals])
    store.count_documents(tx, reading, documents=len(arrivals))
    rows = current.rows + sum(part.rows for part in parts)
    store.update_progress(tx, transfer_id=current.id, documents=current.documents + len(parts), rows=rows)
    return _locked(tx, transfer.id)


def end(tx: WriteTx, *, transfer: Transfer) -> None:
    """Everything of a file is stored."""
    _enter(_locked(tx, transfer.id), TransferState.READ)
    store.update_ended(tx, transfer_id=transfer.id, state=TransferState.READ, error=None)


def fail(tx: WriteTx, *, transfer: Transfer, problem: errors.DoorstepError, trace_id: str) -> None:
    """A file that cannot be read is a dead message, which a person can retry or discard."""
    current = _locked(tx, transfer.id)
    _enter(current, TransferState.FAILED)
    store.update_ended(tx, transfer_id=current.id, state=TransferState.FAILED, error=problem.message)
    body = json.dumps({"file": current.name, "file_transfer": current.id, "feed": current.feed}).encode()
    arrival = Arrival(current.connection_id, _dead_id(current.id), FILE_TOPIC, {}, body, trace_id)
    failure = Failure(f"{current.name}: {problem.message}", problem.error_class, None)
    inbox_store.insert_dead(tx, arrival, failure=failure, attempts=1)
    store.insert_messages(tx, transfer=current, event_ids=[arrival.external_event_id])


def vanished(tx: WriteTx, *, transfer: Transfer) -> None:
    """A file is gone before it was read: one that a person wanted again, or that was read in part, has failed."""
    current = _locked(tx, transfer.id)
    if current.state is TransferState.SEEN:
        store.delete_seen(tx, transfer_ids=[current.id])
        return
    error = f"{current.name} is gone from the partner's folders."
    _enter(current, TransferState.FAILED)
    store.update_ended(tx, transfer_id=current.id, state=TransferState.FAILED, error=error)
    store.update_moved(tx, transfer_id=current.id, path="")


def moved(tx: WriteTx, *, transfer: Transfer, path: str) -> None:
    """A file has left its folder: it is at `path` now, or gone ("")."""
    store.update_moved(tx, transfer_id=transfer.id, path=path)


def end_look(tx: WriteTx, *, reading: Reading, due_in_seconds: float) -> None:
    """A look has ended; the next one is due then."""
    store.update_looked(tx, reading, due_in_seconds=due_in_seconds)


def retry_of(body: bytes) -> FileRetry:
    """What a message of FILE_TOPIC asks for."""
    return FileRetry(int(json.loads(body)["file_transfer"]))


def read_again(tx: WriteTx, *, connection_id: int, transfer_id: int) -> None:
    """Have a file that came read again, from the archive or the errors folder, with today's connector.

    What it reports is applied as if it came once more. Raises Refused for a file that is gone or was a copy of another.
    """
    found = store.lock(tx, transfer_id=transfer_id)
    if found is None or found.connection_id != connection_id:
        raise errors.NotFound(f"There is no file transfer {transfer_id}.")
    if found.state is TransferState.SKIPPED:
        raise errors.Refused(f"{found.name} has the content of another file: read that one again.")
    if found.state is TransferState.WRITTEN or found.state is TransferState.WRITING:
        raise errors.Refused(f"{found.name} is a file that we sent.")
    if not found.path:
        raise errors.Refused(f"{found.name} is gone from the partner's folders: it cannot be read again.")
    _enter(found, TransferState.WAITING)
    store.update_waiting(tx, transfer_id=found.id)
    store.mark_dead_read(tx, connection_id=connection_id, event_id=_dead_id(found.id))
    store.update_feed_due(tx, connection_id=connection_id, feed=found.feed)
    tx.wake_workers(Queue.CALLS)


def _dead_id(transfer_id: int) -> str:
    return f"{FILE_TOPIC}:{transfer_id}"


def _locked(tx: WriteTx, transfer_id: int) -> Transfer:
    found = store.lock(tx, transfer_id=transfer_id)
    if found is None:
        raise errors.NotFound(f"There is no file transfer {transfer_id}.")
    return found


def _enter(transfer: Transfer, state: TransferState) -> None:
    states.transition(files.TRANSFER_MOVES, transfer.state, state, thing=f"The file {transfer.name}")
