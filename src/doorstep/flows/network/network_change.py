"""Preview and apply a new version of the network document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.network import actions, views
from doorstep.domain.network.model import Document, text, warnings
from doorstep.flows.network import compile_document
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class Preview:
    """What a document would change, and its likely mistakes."""

    changes: tuple[str, ...]
    doubts: tuple[str, ...]


def preview(tx: ReadTx, *, document: Document, at: datetime) -> Preview:
    """Preview a document; changes nothing. Raises Invalid."""
    locations = {each.id: each for each in views.locations(tx).values() if each.active}
    compile_document.compile_network(document, locations, year=at.year)
    doubts = tuple(warnings(document, locations.values()))
    return Preview(tuple(text.changes(views.document(tx), document)), doubts)


def apply(tx: WriteTx, *, document: Document, note: str, at: datetime) -> Preview:
    """Apply a document from the next batch on; returns what changed. Raises Invalid."""
    proposal = preview(tx, document=document, at=at)
    actions.configure(tx, document=document, note=note, at=at)
    return proposal
