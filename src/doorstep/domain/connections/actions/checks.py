"""Record what a check of a connection found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.connections.model import CheckFinding
from doorstep.domain.connections.store import checks as store
from doorstep.domain.connections.store.checks import CheckRow
from doorstep.kernel.db import WriteTx


def record(tx: WriteTx, *, connection_id: int, findings: Sequence[CheckFinding], at: datetime) -> None:
    """Store the result instead of that of the last check."""
    store.upsert(tx, row=CheckRow(connection_id, at, tuple(findings)))
