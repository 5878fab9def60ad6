"""Verbs of replenishment: target levels, and draft transfers that restore them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import transfers
from doorstep.domain.inventory.model import replenishment as model
from doorstep.domain.inventory.model.replenishment import Rule, Suggestion
from doorstep.domain.inventory.model.transfers import RequestedLine
from doorstep.domain.inventory.store import replenishment as store
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import TransferId

_SKUS_AT_ONCE = 2_000


def put(tx: WriteTx, *, rules: Sequence[Rule], at: datetime) -> None:
    """Write rules; one for the same SKUs and locations replaces the older one. Raises Invalid, UnknownPosition."""
    if not rules:
        return
    model.check_rules(rules)
    latest = {(rule.sku, rule.category, rule.location_id, rule.location_kind): rule for rule in rules}
    store.upsert_rules(tx, list(latest.values()))
    event_log.append(tx, [events.ReplenishmentSet(len(latest), 0)], at=at)


def remove(tx: WriteTx, *, rule_ids: Sequence[int], at: datetime) -> int:
    """Remove rules; returns how many existed."""
    removed = store.delete_rules(tx, ids=rule_ids)
    if removed:
        event_log.append(tx, [events.ReplenishmentSet(0, removed)], at=at)
    return removed


@dataclass(frozen=True, slots=True)
class Drafted:
    """The result of a page of SKUs; `next_after` starts the next page, empty at the end."""

    suggestions: list[Suggestion]
    transfer_ids: list[TransferId]
    next_after: str


def draft(tx: WriteTx, *, after: str, at: datetime) -> Drafted:
    """Draft transfers for the next page of SKUs after `after`. Drafted units count as incoming, so repeating it adds nothing."""
    store.lock_drafting(tx)
    skus = store.select_page(tx, after=after, limit=_SKUS_AT_ONCE)
    levels = store.select_stock_levels(tx, skus=skus, at=at)
    found = model.suggest(levels, store.select_sources(tx, skus=skus)) if levels else []
    lines = {
        pair: [RequestedLine(each.sku, each.quantity, each.why) for each in several]
        for pair, several in model.by_pair(found).items()
    }
    made = transfers.suggest(tx, suggestions=lines, at=at)
    return Drafted(found, made, skus[-1] if len(skus) == _SKUS_AT_ONCE else "")
