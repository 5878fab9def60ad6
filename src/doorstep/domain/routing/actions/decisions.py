"""Store decisions with their explanations, and exclude locations that rejected work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from doorstep.domain.routing.model import Decision
from doorstep.domain.routing.store import decisions as store
from doorstep.domain.routing.store.decisions import Block, Exclusion
from doorstep.kernel import message
from doorstep.kernel.db import WriteTx

__all__ = ["Block", "Exclusion"]

_encoder = msgspec.json.Encoder(enc_hook=message.stored)


def reserve_ids(tx: WriteTx, *, decisions: Sequence[Decision]) -> dict[int, int]:
    """Reserve ids for decisions, by order id, so that events can refer to them before they are stored."""
    ids = store.next_ids(tx, len(decisions))
    return {decision.order_id: each for each, decision in zip(ids, decisions, strict=True)}


def record(tx: WriteTx, *, decisions: Sequence[Decision], ids: Mapping[int, int], at: datetime) -> None:
    """Store decisions that have an id, with their explanations."""
    numbered = [each for each in decisions if each.order_id in ids]
    if numbered:
        store.copy_decisions(tx, (_row(each, ids[each.order_id], at) for each in numbered))


def _row(decision: Decision, decision_id: int, at: datetime) -> tuple[object, ...]:
    explanation, scores = decision.explanation, decision.scores
    return (
        decision_id, decision.order_id, at, explanation.rules, explanation.run, _encoder.encode(explanation).decode(),
        scores.cost_minor, scores.parcels, scores.km, scores.miss, scores.co2_grams,
        sum([want.quantity for want in decision.short]),
    )  # fmt: skip


def exclude(tx: WriteTx, *, exclusions: Sequence[Exclusion]) -> None:
    """Exclude these locations for these SKUs of these orders."""
    store.upsert_exclusions(tx, exclusions)


def block(tx: WriteTx, *, blocks: Sequence[Block]) -> None:
    """Exclude these locations for these SKUs of all orders, for a while."""
    store.upsert_blocks(tx, blocks)
