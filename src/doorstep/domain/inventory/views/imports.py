"""Read imports: progress and problems."""

from __future__ import annotations

from collections.abc import Iterator

from doorstep.domain.inventory.model.imports import Import, ImportRow
from doorstep.domain.inventory.store import imports as store
from doorstep.domain.inventory.store.imports import SORTING
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset, newest

__all__ = ["SORTING"]

_AT_ONCE = 5_000


def rows(tx: ReadTx, *, limit: int = 50) -> list[Import]:
    """The newest files."""
    return store.select_imports(tx, page=newest(limit))


def page(tx: ReadTx, *, wanted: Keyset) -> list[Import]:
    """A page of the files."""
    return store.select_imports(tx, page=wanted)


def row(tx: ReadTx, *, import_id: int) -> Import:
    """One file; raises NotFound."""
    found = store.select_import(tx, import_id=import_id)
    if found is None:
        raise errors.NotFound(f"There is no import {import_id}.")
    return found


def problems(tx: ReadTx, *, import_id: int, limit: int = 100) -> list[ImportRow]:
    """The first rows with a problem or a remark."""
    return store.select_problems(tx, import_id=import_id, after=0, limit=limit)


def all_problems(tx: ReadTx, *, import_id: int) -> Iterator[ImportRow]:
    """Every row with a problem or a remark, one chunk in memory at a time."""
    after = 0
    while found := store.select_problems(tx, import_id=import_id, after=after, limit=_AT_ONCE):
        yield from found
        after = found[-1].line_no


def is_due(tx: ReadTx) -> bool:
    """Whether an import is due."""
    return store.exists_due(tx)
