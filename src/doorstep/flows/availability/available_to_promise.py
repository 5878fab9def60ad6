"""Available to promise, including kits and endless aisle; keeps availability rules computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory.actions import rules
from doorstep.domain.inventory.model.aisle import Aisle, Transit
from doorstep.domain.inventory.model.availability import Availability, Parts, Question
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.views import aisle, freshness
from doorstep.domain.inventory.views import availability as views
from doorstep.flows.context import Context
from doorstep.kernel import errors, log
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import Sku

_log = log.get("promise")


def components(tx: ReadTx, *, skus: Iterable[str]) -> Parts:
    """The components of these SKUs. Raises NotFound for unknown SKUs."""
    wanted = sorted(set(skus))
    missing = sorted(set(wanted) - catalog.known(tx, skus=wanted))
    if missing:
        raise errors.NotFound(f"The catalog does not have {', '.join(missing[:5])}.")
    found = catalog.parts(tx, skus=wanted)
    return {
        sku: tuple((each.sku, Condition(each.condition), each.quantity) for each in found[sku])
        for sku in found
    }


def availability(tx: ReadTx, *, questions: Sequence[Question], at: datetime) -> list[Availability]:
    """Available units per question, in order; kits by component, B-grade by condition."""
    made_of = components(tx, skus={question.sku for question in questions})
    return views.availability(tx, questions=questions, parts=made_of, at=at)


def endless_aisle(tx: ReadTx, *, sku: Sku, store_id: int, ways: Transit, at: datetime) -> Aisle:
    """Other locations that have the SKU, and when it can be at this store."""
    made_of = components(tx, skus=[sku])[sku]
    return aisle.endless_aisle(tx, sku=sku, parts=made_of, store_id=store_id, ways=ways, at=at)


def apply_rules_to_new(context: Context) -> None:
    """Compute the rules of new SKUs and locations, and of those that moved to another style, category or kind."""
    context.db.transact(rules.catch_up, actor="system")


def recompute_rules(context: Context) -> None:
    """Recompute all availability rules; a difference is corrected and logged as an error."""
    effect = context.db.transact(rules.rebuild, actor="system")
    if effect.total:
        _log.error("computed availability differed from its rules", changed=effect.total)


def check_stock_sources(context: Context) -> int:
    """Warn about overdue stock feeds; availability at their locations is unknown until the next update."""
    with context.db.read() as tx:
        silent = freshness.silent(tx, at=context.clock.now())
    if silent:
        names = sorted(f"{each.name} of location {each.location_id}" for each in silent)
        _log.warning("stock feeds are overdue", sources=len(silent), first=names[0])
    return len(silent)
