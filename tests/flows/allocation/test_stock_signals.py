"""Rules that rank by stock signals: slow-selling locations first, incomplete size runs first."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import JACKET, NOON, Retailer, line, order_snapshot

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog import views as catalog_views
from doorstep.domain.fulfillment.model import State
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.rules import (
    Measure,
    Queue,
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
)
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId, Sku


def sorted_by(retailer: Retailer, by: Measure) -> None:
    rule = Rule(
        name=by.value,
        choose=(Sort(by=by),),
        split=Split(by="none"),
        remainder=Remainder(then="queue", queue="short"),
    )
    document = RuleSet(
        name="health",
        queues=(Queue(name="short", owner="planning"),),
        runs=(Run(name="run", routings=(Routing(name="all", rules=(rule,)),)),),
    )

    def work(tx: WriteTx) -> None:
        version = rule_verbs.draft(tx, draft=Draft(document, "a test"), at=NOON)
        rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=NOON)

    retailer.write(work)


def where(retailer: Retailer, order_id: OrderId) -> list[str]:
    codes = {location: code for code, location in retailer.location_ids.items()}
    return [codes[work.location_id] for work in retailer.work(order_id) if work.state is State.OPEN]


def test_slow_selling_locations_are_first(retailer: Retailer) -> None:
    """Warehouse A is the nearest and has shipped jackets; nobody bought one in Bengaluru."""
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    assert where(retailer, order_id) == ["WH-A"]
    retailer.ship(order_id)
    sorted_by(retailer, Measure.VELOCITY)
    assert where(retailer, retailer.place_order(order_snapshot(line(JACKET)))) == ["WH-B"]


def test_broken_sizes_go_first(retailer: Retailer) -> None:
    """The jacket comes in two sizes: Warehouse A has both, Bengaluru only one of them."""
    (jacket,) = retailer.read(lambda tx: catalog_views.items(tx, skus=[JACKET])).values()
    large = replace(jacket, sku=Sku("DJ-BL-99"), style="Denim", size="XXL", barcode="")
    retailer.write(lambda tx: catalog.put(tx, items=[replace(jacket, style="Denim"), large]))
    there = Movement(MovementType.RECEIVED, large.sku, retailer.location_ids["WH-A"], 5, "delivery", NOON)
    retailer.write(lambda tx: inventory.move(tx, movements=[there]))
    assert where(retailer, retailer.place_order(order_snapshot(line(JACKET)))) == ["WH-A"]
    sorted_by(retailer, Measure.BROKEN_STYLE)
    assert where(retailer, retailer.place_order(order_snapshot(line(JACKET)))) == ["WH-B"]
