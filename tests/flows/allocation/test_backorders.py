"""Backorders are promised from future supply, follow its delays, and get its units first."""

from __future__ import annotations

from tests.builders import JACKET, NOON, SHIRT, Retailer, line, order_snapshot
from tests.clock import day

from doorstep.domain.inventory import actions as stock
from doorstep.domain.inventory.actions import Correction, freshness, promises, rules, supplies
from doorstep.domain.inventory.actions.rules import RuleChange
from doorstep.domain.inventory.actions.supplies import SupplyUpdate
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.inventory.model.availability import Question
from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.model.promises import SellAhead, SellAheadMode
from doorstep.domain.inventory.model.rules import RuleKind, Scope, Terms
from doorstep.domain.inventory.model.supplies import Announcement, Supply, SupplyKind
from doorstep.domain.inventory.views import promises as views
from doorstep.domain.inventory.views import rules as rule_views
from doorstep.domain.inventory.views.promises import PromiseRow
from doorstep.flows.availability import available_to_promise
from doorstep.flows.fulfillment import cancel
from doorstep.kernel.ids import OrderId

MANY = 100_000


def sell_ahead(retailer: Retailer, quantity: int = MANY) -> Supply:
    """Shirts may be backordered, and so many are on their way to Warehouse A."""
    policy = SellAhead(SHIRT, SellAheadMode.BACKORDER)
    reported = Announcement(
        SupplyKind.PURCHASE_ORDER, "PO-7", 1, SHIRT, retailer.location_ids["WH-A"], quantity, day(11)
    )
    retailer.write(lambda tx: promises.put_sell_ahead(tx, policies=[policy], at=NOON))
    return retailer.write(lambda tx: supplies.put(tx, reported=[reported], at=NOON)).supplies[0]


def short_order(retailer: Retailer, quantity: int = 50_000) -> OrderId:
    return retailer.place_order(order_snapshot(line(SHIRT, quantity, 79_900)))


def promised(retailer: Retailer, order_id: OrderId) -> list[PromiseRow]:
    return retailer.read(lambda tx: views.of_order(tx, order_id=order_id))


def test_a_backorder_is_promised_a_date_that_follows_its_supply(retailer: Retailer) -> None:
    supply = sell_ahead(retailer)
    order_id = short_order(retailer)
    (found,) = promised(retailer, order_id)
    assert (found.quantity, found.promised_date, found.state) == (50_000, day(11), "open")
    slip = SupplyUpdate(supply.id, day(34))
    retailer.write(lambda tx: supplies.change(tx, changes=[slip], at=NOON))
    retailer.settle()
    assert [row.promised_date for row in promised(retailer, order_id) if row.state == "open"] == [day(34)]
    reported = [
        fact for fact in retailer.event_types(order_id) if fact.startswith(("order.short", "promise."))
    ]
    assert reported == ["order.short", "promise.made", "promise.changed"]
    assert retailer.dead_letters() == []


def test_an_order_that_was_short_before_is_promised_when_its_sku_may_be_sold_ahead(
    retailer: Retailer,
) -> None:
    order_id = short_order(retailer)
    sell_ahead(retailer)
    retailer.settle()
    assert [row.promised_date for row in promised(retailer, order_id)] == [day(11)]


def test_without_a_policy_a_short_order_only_waits(retailer: Retailer) -> None:
    order_id = short_order(retailer)
    assert promised(retailer, order_id) == []
    assert "order.short" in retailer.event_types(order_id)


def test_an_order_with_a_part_that_is_not_sold_ahead_is_promised_the_other_line(retailer: Retailer) -> None:
    sell_ahead(retailer)
    order_id = retailer.place_order(
        order_snapshot(line(SHIRT, 50_000, 79_900), line(JACKET, 50_000, 299_900))
    )
    assert [(row.line_no, row.sku) for row in promised(retailer, order_id)] == [(1, SHIRT)]


def test_a_canceled_order_releases_capacity(retailer: Retailer) -> None:
    sell_ahead(retailer, 50_000)
    first, second = short_order(retailer), short_order(retailer)
    assert promised(retailer, second)[0].promised_date is None
    retailer.write(lambda tx: cancel.cancel(tx, order_id=first, reason="changed her mind", now=NOON))
    assert [row.state for row in promised(retailer, first)] == ["canceled"]
    assert promised(retailer, second)[0].promised_date == day(11)


def test_what_came_for_an_order_is_not_sold_to_the_next(retailer: Retailer) -> None:
    def adjust(units: int) -> None:
        for code in retailer.location_ids:
            count = Correction(
                SHIRT, retailer.location_ids[code], "test", set_to=units if code == "WH-A" else 0
            )
            retailer.write(lambda tx, count=count: stock.adjust(tx, correction=count, at=NOON))

    adjust(0)
    supply = sell_ahead(retailer, 5)
    waiting = retailer.place_order(order_snapshot(line(SHIRT, 5, 79_900)))
    retailer.write(lambda tx: supplies.receive(tx, units={supply.id: 5}, at=NOON))
    retailer.write(lambda tx: tx.execute("UPDATE order_routing SET due_at = due_at + interval '1 day'"))
    retailer.write(
        lambda tx: stock.move(
            tx,
            movements=[
                Movement(MovementType.RECEIVED, SHIRT, retailer.location_ids["WH-A"], 6, "receipt/1", NOON)
            ],
        )
    )
    newcomers = [retailer.place_order(order_snapshot(line(SHIRT, 1, 79_900))) for _ in range(2)]
    assert [retailer.order(each).lines[0].allocated for each in newcomers] == [1, 0]
    retailer.write(lambda tx: tx.execute("UPDATE order_routing SET due_at = business_now() WHERE is_short"))
    retailer.settle()
    assert retailer.order(waiting).lines[0].allocated == 5
    assert [row.state for row in promised(retailer, waiting)] == ["kept"]
    assert retailer.order(newcomers[1]).lines[0].allocated == 0


def test_availability_splits_kits_and_names_unknown_skus(retailer: Retailer) -> None:
    questions = [Question(SHIRT, "shop"), Question(JACKET, "shop")]
    known = retailer.read(lambda tx: available_to_promise.availability(tx, questions=questions, at=NOON))
    assert all(each.quantity for each in known)
    source = StockSource(retailer.location_ids["ST-22"], "pos", 60)
    retailer.write(lambda tx: freshness.put_sources(tx, sources=[source]))
    (shirts, _) = retailer.read(
        lambda tx: available_to_promise.availability(tx, questions=questions, at=NOON)
    )
    assert shirts.quantity is None
    assert available_to_promise.check_stock_sources(retailer.app.context) == 1


def test_rules_are_worked_out_for_what_is_new_and_again_every_day(retailer: Retailer) -> None:
    terms = Terms(RuleKind.SAFETY_STOCK, "two stay", 2, Scope(skus=(JACKET,)))
    retailer.write(lambda tx: rules.put(tx, change=RuleChange(terms, "test"), at=NOON))
    ruled = retailer.read(lambda tx: rule_views.policies(tx, skus=[JACKET], channels=[]))
    retailer.write(lambda tx: tx.execute("DELETE FROM location_policies"))
    available_to_promise.apply_rules_to_new(retailer.app.context)
    available_to_promise.recompute_rules(retailer.app.context)
    assert retailer.read(lambda tx: rule_views.policies(tx, skus=[JACKET], channels=[])) == ruled
    assert ruled.safety_stock(JACKET, retailer.location_ids["WH-A"]).value == 2
