"""Move the files of partners out of the folder that they came in, once they are read or refused."""

from __future__ import annotations

from doorstep.domain.connections.actions import files as actions
from doorstep.domain.connections.model import Folder, Reading, Transfer, TransferState, files
from doorstep.domain.connections.ports import FileSource
from doorstep.domain.connections.views import files as views
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.files.store import Entry


def listed(source: FileSource, folder: Folder) -> list[Entry]:
    """What is in the folder, without hidden files."""
    return [each for each in source.files.list_files(folder.path) if not each.name.startswith(".")]


def move_all(context: Context, source: FileSource, folder: Folder, reading: Reading) -> None:
    """Move what is read or failed, and was not moved when a process died, out of the folder."""
    with context.db.read() as tx:
        known = views.unfinished(tx, connection_id=reading.connection_id, feed=reading.feed)
    ended = [each for each in known if not files.is_open(each.state)]
    if not ended:
        return
    now = listed(source, folder)
    taken = {each.path for each in ended}
    open_units = {each.unit for each in now if each.path not in taken}
    for transfer in files.movable(ended, now, open_units):
        path = _moved(source, folder, transfer)
        context.db.transact(
            lambda tx, transfer=transfer, path=path: actions.moved(tx, transfer=transfer, path=path),  # type: ignore[misc]  # bound
            actor="system",
        )


def _moved(source: FileSource, folder: Folder, transfer: Transfer) -> str:
    """Move one file with its marker; returns its new path, empty if it is gone."""
    to = folder.errors if transfer.state is TransferState.FAILED else folder.archive
    try:
        path = source.files.move(transfer.path, to, f"{transfer.id:06d}-{transfer.name}")
        if folder.marker:
            source.files.move(
                transfer.path + folder.marker, to, f"{transfer.id:06d}-{transfer.name}{folder.marker}"
            )
    except errors.NotFound:
        return ""
    return path
