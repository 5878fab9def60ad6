"""Verbs of routing: keep the receipts, and remember who rejected what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from doorstep.domain.routing import model, store
from doorstep.domain.routing.model import Decision
from doorstep.domain.routing.store import Exclusion
from doorstep.kernel.db import WriteTx

__all__ = ["Exclusion"]


def record(tx: WriteTx, *, decisions: Sequence[Decision], at: datetime) -> dict[int, int]:
    """Store decisions with their receipts; returns decision id by order id."""
    ids = store.next_ids(tx, len(decisions))
    rows = [
        (decision_id, decision.order_id, at, model.RULES, msgspec.to_builtins(decision.receipt))
        for decision_id, decision in zip(ids, decisions, strict=True)
    ]
    store.copy_decisions(tx, rows)
    return {decision.order_id: decision_id for decision_id, decision in zip(ids, decisions, strict=True)}


def exclude(tx: WriteTx, *, exclusions: Sequence[Exclusion]) -> None:
    """Do not ask these locations again for these SKUs of these orders."""
    store.upsert_exclusions(tx, exclusions)
