"""Kits, B-grade SKUs, cart reservations, rules and backorders: from order to stock and back, exact to the unit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.builders import JACKET, NOON, SHIRT, Retailer, item, line, order_snapshot

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Part, Recipe
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.inventory.model import Condition, Requested
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.shipping.model import Packed
from doorstep.flows.availability import cart_reservations
from doorstep.flows.availability.cart_reservations import Cart
from doorstep.flows.fulfillment import cancel, fulfill, packing
from doorstep.kernel.ids import LocationId, OrderId, Sku

KIT, SECOND = Sku("SET"), Sku("GT-WH-02-B")
NEW, B_GRADE = Condition.NEW, Condition.B_GRADE


@pytest.fixture(autouse=True)
def all_stock(retailer: Retailer) -> LocationId:
    """All stock at one location: 10 shirts, 4 jackets, 2 B-grade shirts. A kit, a B-grade SKU."""
    here = next(iter(retailer.location_ids.values()))
    retailer.write(lambda tx: catalog.put(tx, items=[item(KIT), item(SECOND)]))
    recipes = [
        Recipe(KIT, (Part(SHIRT, "new", 2), Part(JACKET, "new", 1))),
        Recipe(SECOND, (Part(SHIRT, "b_grade", 1),)),
    ]
    retailer.write(lambda tx: catalog.compose(tx, recipes=recipes))
    wanted = {(SHIRT, NEW): 10, (JACKET, NEW): 4, (SHIRT, B_GRADE): 2}
    for (sku, condition), units in wanted.items():
        for code, location in retailer.location_ids.items():
            there = units if location == here else 0
            if retailer.count(sku, code, condition)[0] != there:
                correction = Correction(sku, location, "counted", set_to=there, condition=condition)
                retailer.write(lambda tx, c=correction: inventory.adjust(tx, correction=c, at=NOON))
    retailer.settle()
    return here


def count(retailer: Retailer, sku: str = SHIRT, condition: Condition = NEW) -> tuple[int, int]:
    return retailer.count(sku, next(iter(retailer.location_ids)), condition)


def asked(retailer: Retailer, sku: Sku = SHIRT) -> Requested:
    return retailer.read(lambda tx: stock.requested(tx, parts=[(sku, NEW)])).get((sku, NEW), Requested())


def reported(*lines: tuple[Sku, int], number: str = "7001", **given: object) -> OrderSnapshot:
    wanted = [
        line(sku, quantity, external_line_id=f"{number}-{index}")
        for index, (sku, quantity) in enumerate(lines)
    ]
    return order_snapshot(*wanted, external_id=number, number=f"#{number}", **given)


def place_order(
    retailer: Retailer, *lines: tuple[Sku, int], number: str = "7001", **given: object
) -> OrderId:
    return retailer.place_order(reported(*lines, number=number, **given))


def drift(retailer: Retailer) -> list[object]:
    return list(retailer.read(stock.drift))


def test_a_kit_reserves_ships_and_returns_its_parts(retailer: Retailer) -> None:
    order_id = place_order(retailer, (KIT, 2), (SHIRT, 1))
    assert (count(retailer), count(retailer, JACKET)) == ((10, 5), (4, 2))
    (work,) = retailer.work(order_id)
    assert [(each.sku, each.quantity) for each in work.lines] == [(KIT, 2), (SHIRT, 1)]
    retailer.ship(order_id)
    assert (count(retailer), count(retailer, JACKET)) == ((5, 0), (2, 0))
    assert drift(retailer) == []


def test_kits_in_two_parcels_leave_with_all_their_parts_each(retailer: Retailer) -> None:
    order_id = place_order(retailer, (KIT, 2))
    (work,) = retailer.work(order_id)
    context = retailer.app.context
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
    retailer.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=NOON))
    parcels = [Packed({1: 1}), Packed({1: 1})]
    retailer.write(
        lambda tx: packing.pack_parcels(context, tx, fulfillment_order_id=work.id, parcels=parcels, now=NOON)
    )
    retailer.settle()
    assert (count(retailer), count(retailer, JACKET)) == ((10, 4), (4, 2))
    first, _second = retailer.parcels(order_id)
    retailer.write(lambda tx: packing.ship_parcel(tx, shipment_id=first.id, now=NOON))
    assert (count(retailer), count(retailer, JACKET)) == ((8, 2), (3, 1))
    retailer.hand_over(work)
    assert (count(retailer), count(retailer, JACKET), drift(retailer)) == ((6, 0), (2, 0), [])


def test_kits_and_lines_that_share_a_component_never_use_a_unit_twice(retailer: Retailer) -> None:
    order_id = place_order(retailer, (KIT, 4), (SHIRT, 3))
    assert (count(retailer), count(retailer, JACKET)) == ((10, 8), (4, 4))
    assert {each.line_no: each.allocated for each in retailer.order(order_id).lines} == {1: 4, 2: 0}
    assert (asked(retailer).committed, drift(retailer)) == (3, [])


def test_what_a_kit_reserved_is_given_back_though_its_recipe_changed(retailer: Retailer) -> None:
    order_id = place_order(retailer, (KIT, 1))
    recipe = Recipe(KIT, (Part(JACKET, "new", 3),))
    retailer.write(lambda tx: catalog.compose(tx, recipes=[recipe]))
    retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="asked", now=NOON))
    assert (count(retailer), count(retailer, JACKET), drift(retailer)) == ((10, 0), (4, 0), [])


def test_a_b_grade_sku_sells_only_b_grade_units(retailer: Retailer) -> None:
    place_order(retailer, (SECOND, 2))
    assert (count(retailer), count(retailer, condition=B_GRADE)) == ((10, 0), (2, 2))
    short = place_order(retailer, (SECOND, 1), number="7002")
    assert retailer.work(short) == []


def test_what_waits_is_committed_until_it_is_routed_or_canceled(retailer: Retailer) -> None:
    held = place_order(retailer, (SHIRT, 2), paid=False)
    short = place_order(retailer, (SHIRT, 11), (KIT, 1), number="7002")
    assert asked(retailer) == Requested(0, 2 + 11)
    assert asked(retailer, JACKET) == Requested(0, 0)
    retailer.write(lambda tx: cancel.cancel(tx, order_id=held, reason="asked", now=NOON))
    retailer.write(lambda tx: cancel.cancel(tx, order_id=short, reason="asked", now=NOON))
    assert (asked(retailer), count(retailer), drift(retailer)) == (Requested(), (10, 0), [])


def test_a_rejected_line_is_committed_and_waits_for_its_next_location(retailer: Retailer) -> None:
    order_id = place_order(retailer, (SHIRT, 2))
    (work,) = retailer.work(order_id)
    retailer.write(
        lambda tx: fulfill.reject(
            tx, fulfillment_order_id=work.id, reason=RejectReason.NO_CAPACITY, note="", now=NOON
        )
    )
    assert (count(retailer), asked(retailer).committed) == ((10, 0), 2)
    retailer.settle()
    assert (asked(retailer).committed, drift(retailer)) == (2, [])


def hold(retailer: Retailer, reference: str, *wanted: tuple[Sku, int]) -> bool:
    mine = Cart("shop", reference, wanted, timedelta(minutes=10))
    now = retailer.app.clock.now()
    (answer,) = retailer.write(lambda tx: cart_reservations.reserve(tx, carts=[mine], now=now))
    return not answer.refused


def test_an_order_uses_only_its_own_cart_reservation(retailer: Retailer) -> None:
    assert hold(retailer, "c1", (KIT, 4))
    without = place_order(retailer, (SHIRT, 3))
    assert (retailer.work(without), asked(retailer)) == ([], Requested(8, 3))
    mine = place_order(retailer, (KIT, 4), number="7002", cart_reference="c1")
    assert [each.state.value for each in retailer.work(mine)] == ["open"]
    assert (asked(retailer), drift(retailer)) == (Requested(0, 3), [])


def test_a_held_order_keeps_what_its_cart_held(retailer: Retailer) -> None:
    assert hold(retailer, "c1", (SHIRT, 8))
    place_order(retailer, (SHIRT, 8), paid=False, cart_reference="c1")
    assert asked(retailer) == Requested(0, 8)
    assert hold(retailer, "c2", (SHIRT, 3)) is False
    assert hold(retailer, "c3", (SHIRT, 2)) is True


def test_released_cart_reservations_retry_backorders(retailer: Retailer) -> None:
    hold(retailer, "c1", (SHIRT, 9))
    waits = place_order(retailer, (KIT, 1))
    assert retailer.work(waits) == []
    retailer.write(
        lambda tx: inventory.release_cart_reservations(
            tx, carts=[("shop", "c1")], at=retailer.app.clock.now()
        )
    )
    retailer.settle()
    assert len(retailer.work(waits)) == 1
    assert (asked(retailer), drift(retailer)) == (Requested(), [])
