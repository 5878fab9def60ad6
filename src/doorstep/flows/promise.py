"""What may be promised, and to whom: availability of kits too, and short lines promised from supply that is to come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory import events as facts
from doorstep.domain.inventory.actions import promises, rules
from doorstep.domain.inventory.model.aisle import Aisle, Transit
from doorstep.domain.inventory.model.availability import Availability, Parts, Question
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.promises import Need
from doorstep.domain.inventory.views import aisle, freshness
from doorstep.domain.inventory.views import availability as views
from doorstep.domain.inventory.views import promises as promise_views
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows import demand
from doorstep.flows.world import World, number
from doorstep.kernel import errors, log
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId, Sku
from doorstep.kernel.jobs import Delivery

_log = log.get("promise")


def parts(tx: ReadTx, *, skus: Iterable[str]) -> Parts:
    """What these SKUs consist of, in the words of inventory. Raises NotFound for what the catalogue does not have."""
    wanted = sorted(set(skus))
    missing = sorted(set(wanted) - catalog.known(tx, skus=wanted))
    if missing:
        raise errors.NotFound(f"The catalogue does not have {', '.join(missing[:5])}.")
    found = catalog.parts(tx, skus=wanted)
    return {
        sku: tuple((each.sku, Condition(each.condition), each.pieces) for each in found[sku]) for sku in found
    }


def availability(tx: ReadTx, *, questions: Sequence[Question], at: datetime) -> list[Availability]:
    """How many may be promised, in the order of the questions; kits by component, grades in their condition."""
    made_of = parts(tx, skus={question.sku for question in questions})
    return views.availability(tx, questions=questions, parts=made_of, at=at)


def endless_aisle(tx: ReadTx, *, sku: Sku, store_id: int, ways: Transit, at: datetime) -> Aisle:
    """Who else has it, and when can it be at this store."""
    made_of = parts(tx, skus=[sku])[sku]
    return aisle.endless_aisle(tx, sku=sku, parts=made_of, store_id=store_id, ways=ways, at=at)


def promise_short(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: lines that routing found short are promised from supply to come, where their SKUs may be sold ahead."""
    _promise(tx, order_ids=sorted({OrderId(each.key) for each in deliveries}), now=world.clock.now())


def look_again(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: more is announced, or a SKU may be sold ahead now: orders that are short of it and promised nothing."""
    skus = promise_views.sold_ahead(tx, skus={str(each.data["sku"]) for each in deliveries})
    found = promise_views.unpromised(tx, skus=skus) if skus else []
    _promise(tx, order_ids=[OrderId(each) for each in found], now=world.clock.now())


def _promise(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    skus = order_views.skus(tx, order_ids=order_ids) if order_ids else set()
    made_of = catalog.parts(tx, skus=skus)
    if not promise_views.sold_ahead(tx, skus={part.sku for each in made_of.values() for part in each}):
        return
    for order_id in sorted(order_ids):
        orders.lock(tx, order_id=order_id)
    needs = [
        Need(each.order_id, want.line_no, part.sku, part.pieces * want.quantity)
        for each in demand.of_stored(tx, order_ids=order_ids, now=now)
        for want in each.wants
        if all(part.condition == Condition.NEW for part in made_of[want.sku])
        for part in made_of[want.sku]
    ]
    promises.promise(tx, lines=needs, at=now)


def tell(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: promises moved with their supply; it is written on their orders, which are locked here and not before.

    Whoever changes supply holds the locks of SKUs; to lock orders then would be the wrong way round.
    """
    for order_id in sorted({number(each, "order_id") for each in deliveries}):
        orders.lock(tx, order_id=OrderId(order_id))
    changes = [
        facts.PromiseChanged(
            order_id=number(each, "order_id"),
            line_no=number(each, "line_no"),
            sku=str(each.data["sku"]),
            old_date=_day(each, "old_date"),
            new_date=_day(each, "new_date"),
        )
        for each in deliveries
    ]
    promises.tell(tx, changes=changes, at=world.clock.now())


def _day(delivery: Delivery, name: str) -> date | None:
    told = delivery.data[name]
    return None if told is None else date.fromisoformat(str(told))


def settle(
    tx: WriteTx, *, order_ids: Sequence[OrderId], waiting: Iterable[tuple[int, int]], now: datetime
) -> None:
    """Promises of lines (order, line) that wait no longer are over: kept if the line has its stock, else cancelled."""
    over = promise_views.open_lines(tx, order_ids=order_ids) - set(waiting)
    if not over:
        return
    found = order_views.orders(tx, order_ids=sorted({order_id for order_id, _ in over}))
    served = {(each.header.id, line.line_no) for each in found for line in each.lines if line.allocated}
    promises.keep(tx, lines=over & served, at=now)
    promises.cancel(tx, lines=over - served, at=now)


def catch_up(world: World) -> None:
    """Periodic: rules are worked out for SKUs and locations that are new, or moved to another style, category or kind."""
    with world.db.write(actor="system") as tx:
        rules.catch_up(tx)


def rebuild(world: World) -> None:
    """Periodic: everything that was worked out is worked out again; a difference is put right, and an alarm."""
    with world.db.write(actor="system") as tx:
        effect = rules.rebuild(tx)
    if effect.total:
        _log.error("availability differed from its rules", changed=effect.total)


def watch_sources(world: World) -> int:
    """Periodic: a stock source that is silent for too long is an alarm; what its location promises is unknown."""
    with world.db.read() as tx:
        silent = freshness.silent(tx, at=world.clock.now())
    if silent:
        names = sorted(f"{each.name} of location {each.location_id}" for each in silent)
        _log.warning("stock sources are silent", sources=len(silent), first=names[0])
    return len(silent)
