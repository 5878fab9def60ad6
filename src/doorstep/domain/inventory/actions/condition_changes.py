"""Change the condition of units: two ledger lines with one cause, so that no unit appears or vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import ledger
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.inventory.model import reasons as rules
from doorstep.domain.inventory.model.claims import SELLABLE
from doorstep.domain.inventory.model.reasons import StockConditionChange
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId


def change_condition(
    tx: WriteTx, *, changes: Sequence[StockConditionChange], reason: str, at: datetime, key: str | None = None
) -> bool:
    """Change conditions, all or none. With a `key` it happens once; returns whether it happened now.

    Reserved units cannot change: raises InsufficientStock.
    """
    rules.check_condition_changes(changes, reason)
    movements = [
        movement
        for number, each in enumerate(changes, start=1)
        for movement in _both_ways(each, number, reason, at, key)
    ]
    if not ledger.move(tx, movements=movements):
        return False
    event_log.append(tx, _facts(changes, reason), at=at)
    return True


def _both_ways(
    each: StockConditionChange, number: int, reason: str, at: datetime, key: str | None
) -> list[Movement]:
    return [
        Movement(
            type=MovementType.REGRADED,
            sku=each.sku,
            location_id=each.location_id,
            quantity=quantity,
            cause=f"regrade/{each.before.value}/{each.after.value}",
            occurred_at=at,
            condition=condition,
            key=f"regrade/{key}/{number}/{condition.value}" if key else None,
            reason=reason,
        )
        for condition, quantity in ((each.before, -each.quantity), (each.after, each.quantity))
    ]


def _facts(changes: Sequence[StockConditionChange], reason: str) -> list[events.ConditionChanged]:
    at_location: dict[LocationId, list[StockConditionChange]] = {}
    for each in changes:
        at_location.setdefault(each.location_id, []).append(each)
    return [
        events.ConditionChanged(
            location_id,
            reason,
            tuple(
                events.ChangedUnits(each.sku, each.before.value, each.after.value, each.quantity)
                for each in found
            ),
            tuple(sorted({each.sku for each in found if each.after in SELLABLE})),
        )
        for location_id, found in sorted(at_location.items())
    ]
