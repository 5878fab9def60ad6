"""Available to promise: inputs are read once for a batch of questions, then each is answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from doorstep.domain.inventory.model.availability import (
    Availability,
    AvailabilityInputs,
    Demand,
    Incoming,
    Key,
    LocationStock,
    Parts,
    Question,
    answer,
    parts_of,
)
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.store import availability as store
from doorstep.domain.inventory.views import rules
from doorstep.kernel.db import ReadTx


def availability(
    tx: ReadTx, *, questions: Sequence[Question], parts: Parts, at: datetime
) -> list[Availability]:
    """Answers in the order of the questions; `parts` has the components of kits and B-grade SKUs.

    Inside a transaction that holds the SKUs' locks (`lock_stock`) the answers stay true until it ends.
    """
    needed = {question.sku: parts_of(question.sku, parts) for question in questions}
    seen = load_inputs(
        tx,
        skus={*needed, *(part[0] for each in needed.values() for part in each)},
        conditions={part[1] for each in needed.values() for part in each},
        channels={question.channel for question in questions},
        with_supply=any(question.by_date is not None for question in questions),
        at=at,
    )
    return [answer(question, needed[question.sku], seen) for question in questions]


def load_inputs(
    tx: ReadTx,
    *,
    skus: Iterable[str],
    conditions: Iterable[Condition],
    channels: Iterable[str],
    with_supply: bool,
    at: datetime,
) -> AvailabilityInputs:
    """Load everything about these SKUs."""
    wanted = sorted(set(skus))
    rows = store.select_stock_levels(tx, skus=wanted, conditions=sorted(set(conditions)))
    return AvailabilityInputs(
        at=at,
        nodes={node.id: node for node in store.select_nodes(tx, at=at)},
        stock={(row.sku, row.condition): _by_location(row) for row in rows},
        demand=_demand(tx, wanted),
        policies=rules.policies(tx, skus=wanted, channels=channels),
        incoming=_incoming(tx, wanted) if with_supply else {},
    )


def _by_location(row: store.StockLevels) -> tuple[LocationStock, ...]:
    return tuple(zip(row.locations, row.on_hand, row.reserved, row.missing, strict=True))


def _demand(tx: ReadTx, skus: Sequence[str]) -> dict[Key, Demand]:
    promised = {each.sku: each for each in store.select_promised(tx, skus=skus)}
    found = {
        (each.sku, each.condition): Demand(each.held, each.committed)
        for each in store.select_requested_units(tx, skus=skus)
    }
    for sku, each in promised.items():
        asked = found.get((sku, Condition.NEW), Demand())
        found[sku, Condition.NEW] = Demand(
            asked.held, asked.committed, each.waiting, each.arrived, each.undated
        )
    return found


def _incoming(tx: ReadTx, skus: Sequence[str]) -> dict[str, tuple[Incoming, ...]]:
    found: dict[str, tuple[Incoming, ...]] = {}
    for each in store.select_incoming(tx, skus=skus):
        found[each.sku] = (*found.get(each.sku, ()), each)
    return found
