"""Re-optimize unreleased fulfillment orders as a batch, and apply what got better if it still can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock
from doorstep.domain.orders import actions as orders
from doorstep.domain.routing import actions as routing
from doorstep.domain.routing.actions import runs
from doorstep.domain.routing.actions.runs import NewRun
from doorstep.domain.routing.model import Supply, batch, stock_key, try_move
from doorstep.domain.routing.model.batch import Batch, Budget, Reoptimized
from doorstep.domain.routing.model.runs import RunKind
from doorstep.flows.allocation import allocate, allocation, capacity, plan_result, replan
from doorstep.flows.allocation.optimize import unreleased
from doorstep.flows.allocation.optimize.unreleased import Move, UnreleasedWork
from doorstep.flows.context import Context
from doorstep.flows.network import lanes
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, OrderId

MOST_ORDERS = 1_000


def solve(context: Context, *, seconds: float, clock: Callable[[], float]) -> Reoptimized | None:
    """Improve planned work. The search holds no lock; its result is applied only where nothing changed meanwhile.

    Each run starts from the last result and searches elsewhere, so a large batch improves over several runs.
    """
    began = context.clock.now()
    with context.db.read() as tx:
        found = unreleased.load(tx, at=began, limit=MOST_ORDERS)
    if found is None:
        return None
    before = Batch(found.inputs.demands, found.decisions, found.inputs.supply)
    solved = batch.improve(
        before,
        found.inputs.network,
        found.inputs.compiled_rules,
        now=began,
        budget=Budget(clock, seconds, seed=int(began.timestamp())),
    )
    if not solved.changed:
        return solved

    def work(tx: WriteTx) -> None:
        changed = apply(tx, found=found, solved=solved, now=context.clock.now())
        done = NewRun(
            "batch re-optimization", RunKind.BATCH, found.inputs.compiled_rules.version, began, context.clock.now(),
            attempted=len(found.decisions), routed=len(found.decisions), changed=changed,
            before_minor=solved.greedy_minor, after_minor=solved.solved_minor, result=solved.how,
        )  # fmt: skip
        runs.record(tx, run=done)

    context.db.transact(work, actor="system")
    return solved


def apply(tx: WriteTx, *, found: UnreleasedWork, solved: Reoptimized, now: datetime) -> int:
    """Change the planned work of orders that are unchanged since the search; returns how many.

    Orders that exchange stock move together or not at all: missing stock stops its group and no other.
    """
    before = {each.order_id: each.choices for each in found.decisions}
    wanted = {
        each.order_id: each for each in solved.decisions if set(each.choices) != set(before[each.order_id])
    }
    locked = orders.lock_free(tx, order_ids=list(wanted))
    still: dict[OrderId, list[Work]] = {}
    for work in fulfillment.lock_planned(tx, order_ids=locked):
        still.setdefault(work.order_id, []).append(work)
    moves = [
        Move(works, wanted[order_id])
        for order_id, works in still.items()
        if _versions(works) == _versions(found.works[order_id])
    ]
    goods = found.inputs.goods
    inventory.lock_stock(tx, skus={*goods.parts, *(sku for sku, _ in goods.locked_parts)})
    capacity.lock(tx, at=now)
    free = stock.free(tx, parts=goods.locked_parts)
    supply = Supply({stock_key(*part): there for part, there in free.items()}, goods.recipes)
    locations = lanes.network(tx, currency="", at=now, demands=found.inputs.demands).locations.values()
    limits = {
        location.id: location.free_capacity for location in locations if location.free_capacity is not None
    }
    moved = [
        move
        for group in batch.connected(moves, lambda move: move.keys)
        if _has_capacity(group, limits) and _fits(group, supply, found)
        for move in group
    ]
    if moved:
        _move(tx, moved, found, now)
    return len(moved)


def _versions(works: Iterable[Work]) -> set[tuple[int, int]]:
    return {(work.id, work.version) for work in works}


def _has_capacity(group: Sequence[Move], limits: dict[LocationId, int]) -> bool:
    return try_move(
        limits,
        leaving=[work.location_id for move in group for work in move.works],
        coming=[
            location
            for move in group
            for location in sorted({choice.location_id for choice in move.decision.choices})
        ],
    )


def _fits(group: Sequence[Move], supply: Supply, found: UnreleasedWork) -> bool:
    """Whether the group's new plan fits once its current stock is released; uses the stock if so."""
    tried = Supply({name: dict(there) for name, there in supply.available.items()}, supply.recipes)
    unreleased.add_back(tried, [work for move in group for work in move.works], found.inputs.goods)
    for move in group:
        for choice in move.decision.choices:
            for part, units in tried.recipe(choice.sku).items():
                here = tried.available.setdefault(part, {})
                here[choice.location_id] = here.get(choice.location_id, 0) - units * choice.quantity
    if any(units < 0 for there in tried.available.values() for units in there.values()):
        return False
    supply.available = tried.available
    return True


def _move(tx: WriteTx, moved: Sequence[Move], found: UnreleasedWork, now: datetime) -> None:
    """Withdraw the work, release its stock and capacity, and allocate it as the optimizer found."""
    works = [work for move in moved for work in move.works]
    fulfillment.withdraw(tx, works=works)
    allocation.release(tx, works=works, reason=replan.REPLANNED, now=now)
    decisions = [move.decision for move in moved]
    again = plan_result.build(found.inputs, decisions, routing.reserve_ids(tx, decisions=decisions), now=now)
    since = {work.order_id: work.release_after for work in works}
    orders.replan(tx, counts=again.counts, replanned=again.routed, now=now)
    allocate.apply(tx, found=again.replanned(since), now=now)
