"""SQL of network documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from doorstep.domain.network.model import Document
from doorstep.kernel.db import ReadTx, WriteTx

# Made once, when one thread is running: several threads that make it at the same moment crash the process.
_DOCUMENTS = msgspec.json.Decoder(Document)


@dataclass(frozen=True, slots=True)
class Version:
    """A stored version of the document."""

    version: int
    note: str
    actor: str
    created_at: datetime


def insert_document(tx: WriteTx, document: Document, *, note: str, at: datetime) -> int:
    """Insert a new version of the document; returns its number."""
    return tx.value(
        int,
        "INSERT INTO network_documents (document, note, actor, created_at) VALUES (%s, %s, %s, %s) RETURNING version",
        (msgspec.json.encode(document).decode(), note, tx.actor, at),
    )


def select_document(tx: ReadTx) -> Document | None:
    """Select the newest version, None if there is none."""
    found = tx.column(str, "SELECT document::text FROM network_documents ORDER BY version DESC LIMIT 1")
    return _DOCUMENTS.decode(found[0]) if found else None


def select_versions(tx: ReadTx, *, limit: int) -> list[Version]:
    """Select the versions with author, time and reason, newest first."""
    return tx.all(
        Version,
        "SELECT version, note, actor, created_at FROM network_documents ORDER BY version DESC LIMIT %s",
        (limit,),
    )
