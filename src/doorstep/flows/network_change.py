"""Change what is said of the network: look what a document would change, then let it hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.network import actions, views
from doorstep.domain.network.model import Document, text
from doorstep.flows import network_document
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a document would change, and what in it is likely not meant."""

    changes: tuple[str, ...]
    doubts: tuple[str, ...]


def propose(tx: ReadTx, *, document: Document, at: datetime) -> Proposal:
    """Look without changing anything. Raises Invalid for what cannot hold."""
    locations = {each.id: each for each in views.locations(tx).values() if each.active}
    network_document.ready(document, locations, year=at.year)
    doubts = tuple(network_document.doubts(document, locations))
    return Proposal(tuple(text.changes(views.document(tx), document)), doubts)


def apply(tx: WriteTx, *, document: Document, note: str, at: datetime) -> Proposal:
    """Let a document hold from the next batch on; returns what it changed. Raises Invalid for what cannot hold."""
    proposal = propose(tx, document=document, at=at)
    actions.configure(tx, document=document, note=note, at=at)
    return proposal
