"""Files that connections exchange with partners: listed, shown with their messages, read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.connections.actions import files as actions
from doorstep.domain.connections.views import files
from doorstep.domain.connections.views.files import TransferRow
from doorstep.domain.identity.model import Permission
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Connections"])
State = Literal["", "seen", "waiting", "reading", "read", "skipped", "failed", "writing", "written"]


class FileTransfer(BaseModel):
    """A file that came from a partner (`in`) or went there (`out`)."""

    id: int
    direction: str = Field(description="in or out")
    feed: str = Field(description="The feed that read it; of a file that was sent, what kind of file it is.")
    name: str
    path: str = Field(description="Where it is now in the partner's folders; empty when it is gone.")
    size_bytes: int
    rows: int = Field(description="Lines, orders or shipments, as the connector counts them.")
    state: str = Field(
        description="seen (may still grow), waiting (to be read again), reading, read, skipped (its content was taken before), "
        "failed, writing, written"
    )
    error: str | None
    sha256: str | None = Field(description="Digest of the content.")
    duplicate_of: int | None = Field(description="The file that had the same content.")
    reference: str | None = Field(description="Our reference of a file that was sent.")
    number: int | None = Field(description="The number of a file that was sent, as in its control segment.")
    created_at: datetime
    ended_at: datetime | None
    messages: int = Field(description="How many messages it was split into.")
    failed_messages: int


class FileTransferDetails(FileTransfer):
    """A file with the ids of its messages."""

    message_ids: list[int]


class FileFilter(Paging):
    """Which files to list."""

    state: State = Field("", description="Only in this state.")


def _fields(row: TransferRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in FileTransfer.model_fields}


def _shape(row: TransferRow) -> FileTransfer:
    return FileTransfer.model_validate(_fields(row))


@router.get("/connections/{key}/files")
def list_file_transfers(
    calling: Calling, key: str, wanted: Annotated[FileFilter, Query()]
) -> Page[FileTransfer]:
    """List the files that a connection has received and sent, newest first."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    connection = calling.app.registry.by_key(key)
    sort = files.LATEST.sort
    page = replace(
        files.LATEST, after=paging.after(files.SORTING, wanted.cursor, sort), limit=wanted.limit + 1
    )
    rows = calling.read(
        lambda tx: files.listed(tx, connection_id=connection.id, state=wanted.state, page=page)
    )
    return paging.page(rows, _shape, lambda row: files.SORTING.cursor_of(row, sort), limit=wanted.limit)


@router.get("/connections/{key}/files/{file_id}")
def get_file_transfer(calling: Calling, key: str, file_id: int) -> FileTransferDetails:
    """Get a file with the ids of its messages."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    connection = calling.app.registry.by_key(key)
    return calling.read(lambda tx: _details(tx, connection.id, file_id))


@router.post("/connections/{key}/files/{file_id}/read-again")
def retry_file_transfer(calling: Calling, key: str, file_id: int) -> FileTransferDetails:
    """Read a file again, from the archive or the errors folder, with today's connector.

    What it reports is applied as if it came once more.
    """
    calling.principal.require(Permission.CONNECTIONS_WRITE)
    connection = calling.app.registry.by_key(key)

    def work(tx: WriteTx) -> FileTransferDetails:
        actions.read_again(tx, connection_id=connection.id, transfer_id=file_id)
        return _details(tx, connection.id, file_id)

    return calling.write(work)


def _details(tx: ReadTx, connection_id: int, file_id: int) -> FileTransferDetails:
    row = files.one(tx, connection_id=connection_id, transfer_id=file_id)
    ids = files.message_ids(tx, transfer_id=file_id)
    return FileTransferDetails.model_validate({**_fields(row), "message_ids": ids})
