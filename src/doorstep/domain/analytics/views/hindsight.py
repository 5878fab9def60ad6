"""Hindsight: what orders really cost to send, and what the sides of a trial came to."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.analytics.store import hindsight as store
from doorstep.domain.routing.model.lab import Tally
from doorstep.kernel.db import ReadTx


def labels(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[int, int]:
    """What the labels of these orders cost in minor units, of those where that is known of every box."""
    return {each.order_id: each.cost_minor for each in store.select_labels(tx, order_ids=order_ids)}


def sides(tx: ReadTx, *, trial_id: int) -> tuple[Tally, Tally]:
    """What decides and the draft, as a trial has them."""
    found = {
        each.by_draft: Tally(
            each.orders,
            each.served,
            each.cost_minor,
            each.parcels,
            each.splits,
            each.misses,
            each.short_pieces,
            each.rejects,
        )
        for each in store.select_sides(tx, trial_id=trial_id)
    }
    return found.get(False, Tally()), found.get(True, Tally())
