"""Import and export files. Imports of any length run in the background; exports are streamed."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from doorstep.bootstrap import App
from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Caller, Calling, Uploading
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import imports
from doorstep.domain.inventory.model.imports import SHAPES, Import, ImportKind, ImportRow, NewImport
from doorstep.domain.inventory.views import exports
from doorstep.domain.inventory.views import imports as views
from doorstep.domain.network import views as network
from doorstep.flows.stock import import_files
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ImportId

router = APIRouter(tags=["Files"])
MOST_BYTES = 1024**3
_IN_MEMORY = 1024**2
_FILE: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
            "application/x-ndjson": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}

_CSV: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {}}}}


class ImportFile(BaseModel):
    """A file and its progress: checking, applying, then done; refused (all or none), or failed (can be resumed)."""

    id: int
    kind: str
    state: str
    file_name: str
    source: str
    as_of: datetime
    whole: bool
    percent: int
    loaded: int
    applied: int
    ignored: int
    bad: int
    error: str
    created_at: datetime
    finished_at: datetime | None


class RowProblem(BaseModel):
    """A row and its error."""

    line: int
    problem: str
    cells: list[str]


def _shown(file: Import) -> ImportFile:
    return ImportFile(
        id=file.id,
        kind=file.kind.value,
        state=file.state.value,
        file_name=file.file_name,
        source=file.source,
        as_of=file.as_of,
        whole=file.whole,
        percent=file.percent,
        loaded=file.loaded,
        applied=file.applied,
        ignored=file.ignored,
        bad=file.bad,
        error=file.error,
        created_at=file.created_at,
        finished_at=file.finished_at,
    )


class ImportOptions(BaseModel):
    """Import options in the query string."""

    kind: ImportKind = Field(description="What the file contains.")
    file_name: str = Field(max_length=200, description="Ends in .csv, .ndjson or .jsonl.")
    source: str = Field("file", max_length=100, description="The system that the quantities come from.")
    as_of: datetime | None = Field(None, description="When the quantities were read. Default: now.")
    whole: bool = Field(False, description="All rows or none.")


@router.post("/imports", status_code=202, openapi_extra=_FILE)
async def import_file(
    request: Request, calling: Uploading, reported: Annotated[ImportOptions, Query()]
) -> ImportFile:
    """Import a file of up to 1 GiB, sent as the body. Workers check and apply it; read the import to follow its progress.

    The columns of each kind are in the documentation; bad rows are kept with line and reason.
    """
    calling.principal.require(Permission.INVENTORY_WRITE)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > MOST_BYTES:
                raise errors.Invalid("The file is larger than 1 GiB: split it.", field="body")
            spool.write(chunk)
        spool.seek(0)
        return await run_in_threadpool(_taken_in, calling, reported, spool)


def _taken_in(calling: Caller, reported: ImportOptions, raw: BinaryIO | Iterable[bytes]) -> ImportFile:
    now = calling.app.clock.now()
    as_of = reported.as_of or now
    new = NewImport(
        kind=reported.kind,
        file_name=reported.file_name,
        as_of=as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC),
        source=reported.source,
        whole=reported.whole,
        key=f"{calling.principal.actor}/{calling.idempotency_key}" if calling.idempotency_key else None,
    )

    def work(tx: WriteTx) -> ImportFile:
        import_id, _ = import_files.store(tx, new=new, raw=raw, at=now)
        return _shown(views.row(tx, import_id=import_id))

    return calling.app.db.transact(work, actor=calling.principal.actor, trace_id=calling.trace_id)


@router.get("/imports")
def list_imports(calling: Calling, wanted: Annotated[Paging, Query()]) -> Page[ImportFile]:
    """List imports, newest first."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    return calling.read(
        lambda tx: paging.newest(wanted, views.SORTING, lambda page: views.page(tx, wanted=page), _shown)
    )


@router.get("/imports/{import_id}")
def get_import(calling: Calling, import_id: int) -> ImportFile:
    """Get one import and its progress."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    return calling.read(lambda tx: _shown(views.row(tx, import_id=import_id)))


@router.get("/imports/{import_id}/problems")
def list_import_problems(
    calling: Calling, import_id: int, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[RowProblem]:
    """List the first rows that are bad, or that change nothing."""
    calling.principal.require(Permission.CONNECTIONS_READ)

    def fetch(tx: ReadTx) -> list[RowProblem]:
        views.row(tx, import_id=import_id)
        found = views.problems(tx, import_id=import_id, limit=limit)
        return [
            RowProblem(line=row.line_no, problem=row.problem or "", cells=list(row.cells)) for row in found
        ]

    return calling.read(fetch)


@router.get("/imports/{import_id}/problems.csv", response_class=StreamingResponse, responses=_CSV)
def download_import_problems(calling: Calling, import_id: int) -> StreamingResponse:
    """Download every row that is bad, or that changes nothing, as a file to correct and import again."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    kind = calling.read(lambda tx: views.row(tx, import_id=import_id)).kind
    head = ("line", "problem", *SHAPES[kind].names)
    return _csv(
        calling.app,
        f"import-{import_id}-problems.csv",
        lambda tx: _lines(head, views.all_problems(tx, import_id=import_id)),
    )


def _lines(head: Iterable[str], rows: Iterable[ImportRow]) -> Iterator[bytes]:
    """CSV, one line at a time."""
    for cells in _reported(head, rows):
        line = io.StringIO()
        csv.writer(line).writerow(cells)
        yield line.getvalue().encode()


def _reported(head: Iterable[str], rows: Iterable[ImportRow]) -> Iterator[tuple[object, ...]]:
    yield tuple(head)
    for row in rows:
        yield (row.line_no, row.problem, *row.cells)


class ImportResumed(BaseModel):
    """An import that goes on, and its state."""

    id: int
    state: str


@router.post("/imports/{import_id}/resume")
def resume_import(calling: Calling, import_id: int) -> ImportResumed:
    """Resume a failed import where it stopped."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> ImportResumed:
        imports.resume(tx, import_id=ImportId(import_id), at=calling.app.clock.now())
        return ImportResumed(id=import_id, state=views.row(tx, import_id=import_id).state.value)

    return calling.write(work)


@router.get("/exports/stock.csv", response_class=StreamingResponse, responses=_CSV)
def export_stock(calling: Calling, location: str = "") -> StreamingResponse:
    """Export every stock counter (of a location) as a stock file."""
    chosen = _chosen(calling, location)
    return _csv(calling.app, "stock.csv", lambda tx: exports.stock(tx, location_id=chosen))


@router.get("/exports/movements.csv", response_class=StreamingResponse, responses=_CSV)
def export_movements(
    calling: Calling, location: str = "", since: datetime | None = None, until: datetime | None = None
) -> StreamingResponse:
    """Export the stock ledger, oldest line first."""
    of = exports.Slice(since, until, _chosen(calling, location))
    return _csv(calling.app, "movements.csv", lambda tx: exports.movements(tx, of=of))


def _chosen(calling: Caller, location: str) -> int | None:
    def fetch(tx: ReadTx) -> int | None:
        chosen = network.by_code(tx, code=location).id if location else calling.scope
        calling.principal.require(Permission.INVENTORY_READ, at=chosen)
        return chosen

    return calling.read(fetch)


def _csv(app: App, name: str, make: Callable[[ReadTx], Iterator[bytes]]) -> StreamingResponse:
    """Stream a file from the database."""

    def units() -> Iterator[bytes]:
        with app.db.read() as tx:
            yield from make(tx)

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(units(), media_type="text/csv; charset=utf-8", headers=headers)
