"""Read which files were exchanged with partners."""

from __future__ import annotations

from doorstep.domain.connections.model import Transfer
from doorstep.domain.connections.store import files as store
from doorstep.domain.connections.store import messages as message_store
from doorstep.domain.connections.store.files import SORTING, TransferRow
from doorstep.domain.connections.store.messages import MessageRow
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["SORTING", "TransferRow"]
LATEST = Keyset(sort="created_at")


def listed(tx: ReadTx, *, connection_id: int, state: str = "", page: Keyset = LATEST) -> list[TransferRow]:
    """A page of the files of a connection, newest first (in a state)."""
    return store.select_page(tx, connection_id=connection_id, state=state, page=page)


def one(tx: ReadTx, *, connection_id: int, transfer_id: int) -> TransferRow:
    """One file of a connection. Raises NotFound."""
    found = store.select_row(tx, connection_id=connection_id, transfer_id=transfer_id)
    if found is None:
        raise errors.NotFound(f"There is no file transfer {transfer_id}.")
    return found


def message_ids(tx: ReadTx, *, transfer_id: int) -> list[int]:
    """The messages that a file was split into, oldest first."""
    return store.select_message_ids(tx, transfer_id=transfer_id)


def messages(tx: ReadTx, *, transfer_id: int) -> list[MessageRow]:
    """The first messages of a file, failed ones first."""
    return message_store.select_of_file(tx, transfer_id=transfer_id)


def unfinished(tx: ReadTx, *, connection_id: int, feed: str) -> list[Transfer]:
    """Files that came and are not read, or not moved away yet."""
    return store.select_unfinished(tx, connection_id=connection_id, feed=feed)
