"""Apply imported files, a chunk per round, so that orders never wait for them."""

from __future__ import annotations

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.domain.inventory.actions import imports
from doorstep.flows.stock import import_files
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ImportId


def advance(app: App, *, import_id: ImportId | None = None) -> int:
    """Apply one chunk of a due file; returns how many files were claimed (0 or 1)."""
    claimed: list[ImportId] = []

    def work(tx: WriteTx) -> None:
        file = imports.claim(tx, import_id=import_id)
        claimed[:] = [] if file is None else [file.id]
        if file is not None:
            import_files.apply_next(tx, file, now=app.clock.now())

    try:
        app.db.transact(work, actor="system")
    except errors.Unavailable:
        raise
    except Exception as problem:
        if not claimed:
            raise
        _stop(app, claimed[0], problem)
    return len(claimed)


def _stop(app: App, import_id: ImportId, problem: Exception) -> None:
    """Stop the file with its error until a person resumes it; other files go on."""
    batches.report(problem, "an import failed", import_id=import_id)
    app.db.transact(
        lambda tx: imports.stop(tx, import_id=import_id, error=str(problem)[:500], at=app.clock.now()),
        actor="system",
    )
