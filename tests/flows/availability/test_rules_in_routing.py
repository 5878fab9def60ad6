"""Availability rules apply in routing, and the explanation names the rule."""

from __future__ import annotations

from tests.builders import NOON, SHIRT, Retailer
from tests.flows.allocation.test_kits_carts_and_rules import all_stock, count, hold, place_order

from doorstep.domain.inventory.actions import rules
from doorstep.domain.inventory.actions.rules import RuleChange
from doorstep.domain.inventory.model.rules import RuleKind, Scope, Terms
from doorstep.domain.routing import views as routing
from doorstep.flows.fulfillment import cancel
from doorstep.kernel.ids import OrderId

__all__ = ["all_stock"]  # All stock at one location, as there.


def rule(
    retailer: Retailer, kind: RuleKind, value: int, *, audience: str = "", **scope: tuple[str, ...]
) -> None:
    terms = Terms(kind, f"{kind.value} rule", value, Scope(skus=(SHIRT,), **scope), audience)
    retailer.write(lambda tx: rules.put(tx, change=RuleChange(terms, "because"), at=NOON))


def routed(retailer: Retailer, order_id: OrderId) -> int:
    return sum(each.quantity for work in retailer.work(order_id) for each in work.lines)


def why_not(retailer: Retailer, order_id: OrderId) -> str:
    (decision, *_) = retailer.read(lambda tx: routing.decisions(tx, order_id=order_id))
    return str(decision.explanation.lines[0].candidates[0].eliminated)


def test_safety_stock_is_not_used(retailer: Retailer) -> None:
    rule(retailer, RuleKind.SAFETY_STOCK, 3)
    assert routed(retailer, place_order(retailer, (SHIRT, 7))) == 7
    short = place_order(retailer, (SHIRT, 1), number="7002")
    assert (routed(retailer, short), count(retailer)) == (0, (10, 7))
    assert why_not(retailer, short) == "keeps 3 as safety stock (safety_stock rule)"


def test_a_location_that_may_not_ship_for_a_channel_is_left_out(retailer: Retailer) -> None:
    rule(retailer, RuleKind.ALLOW_SHIP, 0, channels=("shop",))
    short = place_order(retailer, (SHIRT, 1))
    assert (routed(retailer, short), why_not(retailer, short)) == (
        0,
        "does not ship for shop (allow_ship rule)",
    )


def test_a_pool_is_for_its_buyers_only(retailer: Retailer) -> None:
    rule(retailer, RuleKind.POOL, 8, audience="group:vip")
    assert routed(retailer, place_order(retailer, (SHIRT, 3))) == 0
    assert routed(retailer, place_order(retailer, (SHIRT, 2), number="7002")) == 2
    vip = place_order(retailer, (SHIRT, 5), number="7003", tags=("VIP",))
    assert routed(retailer, vip) == 5
    assert routed(retailer, place_order(retailer, (SHIRT, 1), number="7004")) == 0


def test_a_canceled_order_releases_its_pool_units(retailer: Retailer) -> None:
    rule(retailer, RuleKind.POOL, 8, audience="group:vip")
    vip = place_order(retailer, (SHIRT, 8), tags=("vip",))
    retailer.write(lambda tx: cancel.cancel(tx, order_id=vip, reason="asked", now=NOON))
    assert routed(retailer, place_order(retailer, (SHIRT, 3), number="7002")) == 0
    assert routed(retailer, place_order(retailer, (SHIRT, 8), number="7003", tags=("vip",))) == 8


def test_a_cart_holds_nothing_that_its_order_would_not_be_given(retailer: Retailer) -> None:
    rule(retailer, RuleKind.SAFETY_STOCK, 3)
    rule(retailer, RuleKind.THRESHOLD, 2, channels=("shop",))
    rule(retailer, RuleKind.POOL, 1, audience="group:vip")
    assert hold(retailer, "c1", (SHIRT, 5)) is False
    assert hold(retailer, "c1", (SHIRT, 4)) is True
    assert hold(retailer, "c2", (SHIRT, 1)) is False
    rule(retailer, RuleKind.ALLOW_SHIP, 0, channels=("shop",))
    assert hold(retailer, "c3", (SHIRT, 1)) is False
