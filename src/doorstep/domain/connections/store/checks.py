"""SQL of checks: what the last one of each connection found, and which are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from doorstep.domain.connections.model import CheckFinding
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class CheckRow:
    """The last check of a connection."""

    connection_id: int
    checked_at: datetime
    findings: tuple[CheckFinding, ...]


def upsert(tx: WriteTx, *, row: CheckRow) -> None:
    """Store the result of a check instead of the one before."""
    findings = [{"name": each.name, "is_ok": each.is_ok, "message": each.message} for each in row.findings]
    tx.execute(
        """
        INSERT INTO connection_checks (connection_id, checked_at, findings) VALUES (%s, %s, %s)
        ON CONFLICT (connection_id) DO UPDATE SET checked_at = excluded.checked_at, findings = excluded.findings
        """,
        (row.connection_id, row.checked_at, Jsonb(findings)),
    )


def select_all(tx: ReadTx) -> list[CheckRow]:
    """The last check of every connection that has had one."""
    return tx.all(CheckRow, "SELECT connection_id, checked_at, findings FROM connection_checks")


def select_due(tx: ReadTx, *, before: datetime) -> list[int]:
    """Connections that were not checked since they changed, or were last checked before then."""
    return tx.column(
        int,
        """
        SELECT c.id FROM connections c LEFT JOIN connection_checks k ON k.connection_id = c.id
         WHERE c.mode <> 'off' AND (k.checked_at IS NULL OR k.checked_at < %s)
         ORDER BY k.checked_at NULLS FIRST, c.id
        """,
        (before,),
    )


def delete(tx: WriteTx, *, connection_id: int) -> None:
    """Forget the last check: the connection has changed."""
    tx.execute("DELETE FROM connection_checks WHERE connection_id = %s", (connection_id,))
