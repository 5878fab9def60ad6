"""Apply imported files, a chunk per round, so that orders never wait for them."""

from __future__ import annotations

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.domain.inventory.actions import imports
from doorstep.flows.stock import import_files
from doorstep.kernel import errors
from doorstep.kernel.ids import ImportId


def advance(app: App, *, import_id: ImportId | None = None) -> int:
    """Apply one chunk of a due file; returns how many files were claimed (0 or 1)."""
    claimed: ImportId | None = None
    try:
        with app.db.write(actor="system") as tx:
            file = imports.claim(tx, import_id=import_id)
            if file is None:
                return 0
            claimed = file.id
            import_files.apply_next(tx, file, now=app.clock.now())
    except errors.Unavailable:
        raise
    except Exception as problem:
        if claimed is None:
            raise
        _stop(app, claimed, problem)
    return 1


def _stop(app: App, import_id: ImportId, problem: Exception) -> None:
    """Stop the file with its error until a person resumes it; other files go on."""
    batches.report(problem, "an import failed", import_id=import_id)
    with app.db.write(actor="system") as tx:
        imports.stop(tx, import_id=import_id, error=str(problem)[:500], at=app.clock.now())
