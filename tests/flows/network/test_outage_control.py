"""Carrier outages: lanes close with a reason, planned work is re-routed, and waiting orders are retried at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

import msgspec
import pytest
from tests.builders import DELHI, JACKET, NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.fulfillment.model import State
from doorstep.domain.inventory.views import drift
from doorstep.domain.network import actions as network
from doorstep.domain.network import views
from doorstep.domain.network.model import Site
from doorstep.domain.routing.actions import rules as rule_verbs
from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model import Demand
from doorstep.domain.routing.model.rules import (
    Measure,
    Queue,
    Release,
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
)
from doorstep.domain.shipping.model import LabelState
from doorstep.flows.network import lanes, outage_control
from doorstep.flows.shipping import ship
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import Message

NEAREST = Rule(
    name="nearest", choose=(Sort(by=Measure.DISTANCE),), remainder=Remainder(then="queue", queue="short")
)
HELD = RuleSet(
    name="held",
    currency="INR",
    queues=(Queue(name="short", owner="planning", retry_minutes=(600,)),),
    runs=(
        Run(
            name="held",
            release=Release(mode="held", hold_minutes=30),
            routings=(Routing(name="all", rules=(NEAREST,)),),
        ),
    ),
)


class Later:
    """A clock that stands still, some time from now."""

    def __init__(self, **later: float) -> None:
        self._now = NOON + timedelta(**later)

    def now(self) -> datetime:
        return self._now


@pytest.fixture
def held(retailer: Retailer) -> Retailer:
    """Work is planned for half an hour; a shirt is had in Mumbai's warehouse and, nearer to Delhi, in a store."""

    def work(tx: WriteTx) -> None:
        version = rule_verbs.draft(tx, draft=Draft(HELD, "a test"), at=NOON)
        rule_verbs.activate(tx, number=version.number, why="a test", instead_of=None, at=NOON)

    retailer.write(work)
    return retailer


def out(retailer: Retailer, carrier: str, **given: datetime) -> None:
    until_at = given.get("until_at")
    retailer.write(
        lambda tx: outage_control.start(tx, carrier=carrier, reason="strike", until_at=until_at, now=NOON)
    )


def where(retailer: Retailer, order_id: OrderId) -> list[str]:
    codes = {location: code for code, location in retailer.location_ids.items()}
    return [codes[each.location_id] for each in retailer.work(order_id) if each.state is State.PLANNED]


def closed(retailer: Retailer, at: datetime) -> dict[str, str]:
    """What stands against lanes to Delhi, by the location's code."""
    demand = Demand(OrderId(1), (), DELHI.latitude, DELHI.longitude)
    network = retailer.read(lambda tx: lanes.network(tx, currency="INR", at=at))
    codes = {location: code for code, location in retailer.location_ids.items()}
    return {
        codes[location]: lane.closed for location, lane in network.ways.lanes(demand).items() if lane.closed
    }


def look(retailer: Retailer, **later: float) -> int:
    return outage_control.check(replace(retailer.app.context, clock=Later(**later)))


def test_lanes_of_a_carrier_that_is_out_are_closed_with_the_reason(retailer: Retailer) -> None:
    assert closed(retailer, NOON) == {}
    out(retailer, "shiphawk", until_at=NOON + timedelta(hours=1))
    found = closed(retailer, NOON)
    assert set(map(str, found.values())) == {"shiphawk has an outage: strike"}
    assert {"WH-A", "WH-B"} <= found.keys()
    assert "ST-22" not in found
    assert closed(retailer, NOON + timedelta(hours=2)) == {}


def test_lanes_are_closed_without_tariffs_too(retailer: Retailer) -> None:
    document = retailer.read(views.document)
    bare = msgspec.structs.replace(document, carriers={}, default_service="")
    retailer.write(lambda tx: network.configure(tx, document=bare, note="no tariffs", at=NOON))
    out(retailer, "shiphawk")
    assert str(closed(retailer, NOON)["WH-A"]) == "shiphawk has an outage: strike"


def test_planned_work_is_rerouted_and_returns_if_there_is_no_other_location(held: Retailer) -> None:
    shirt = held.place_order(order_snapshot(line(SHIRT)))
    jacket = held.place_order(order_snapshot(line(JACKET)))
    assert (where(held, shirt), where(held, jacket)) == (["ST-22"], ["WH-A"])
    out(held, "store-parcels")
    held.settle()
    assert (where(held, shirt), where(held, jacket)) == (["WH-A"], ["WH-A"])
    out(held, "shiphawk")
    held.settle()
    assert (where(held, shirt), where(held, jacket)) == ([], [])
    assert held.order(shirt).header.queue == "short"
    held.write(lambda tx: outage_control.end(tx, carrier="shiphawk", now=NOON))
    held.settle()
    assert (where(held, shirt), where(held, jacket)) == (["WH-A"], ["WH-A"])
    assert held.read(drift) == []


@pytest.mark.parametrize("ends", ["resumed", "over"])
def test_the_end_of_a_pause_retries_waiting_orders(held: Retailer, ends: str) -> None:
    for location in held.location_ids.values():
        held.write(
            lambda tx, location=location: network.pause(
                tx, location_id=location, reason="flood", until_at=NOON + timedelta(hours=1), at=NOON
            )
        )
    order_id = held.place_order(order_snapshot(line(JACKET)))
    assert where(held, order_id) == []
    if ends == "over":
        assert (look(held), look(held, hours=2)) == (0, 12)
    else:
        held.write(lambda tx: network.resume(tx, location_id=held.location_ids["WH-A"], at=NOON))
    held.settle()
    assert where(held, order_id) == ["WH-A"]


def test_an_outage_ends_by_itself_once(held: Retailer) -> None:
    out(held, "shiphawk", until_at=NOON + timedelta(hours=1))
    assert [look(held), look(held, hours=2), look(held, hours=2)] == [0, 1, 0]
    assert held.read(views.every_outage) == []
    event_types = held.read(
        lambda tx: tx.column(str, "SELECT type FROM events WHERE stream = 'network' ORDER BY version")
    )
    assert event_types[-2:] == ["carrier.outage_started", "carrier.outage_ended"]


def silent(*_: object) -> NoReturn:
    raise errors.Unavailable("nobody answers")


def test_a_carrier_whose_calls_keep_failing_is_out_until_one_succeeds(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (work,) = retailer.work(order_id)
    with monkeypatch.context() as broken:
        broken.setattr(retailer.client("shiphawk"), "buy", silent)
        retailer.pack(work)
        retailer.settle()
    assert [outage_control.check(retailer.app.context), outage_control.check(retailer.app.context)] == [1, 0]
    (seen,) = retailer.read(views.every_outage)
    assert (seen.carrier, seen.is_noticed) == ("shiphawk", True)
    assert str(seen.reason) == "3 calls in a row failed: nobody answers"
    (parcel,) = retailer.parcels(order_id)
    retailer.write(lambda tx: ship.retry_label(tx, shipment_id=parcel.id, now=NOON))
    retailer.settle()
    assert retailer.parcels(order_id)[0].label_state is LabelState.PURCHASED
    assert outage_control.check(retailer.app.context) == 1
    assert retailer.read(views.every_outage) == []


def test_an_outage_set_by_a_user_is_not_ended_by_a_label(retailer: Retailer) -> None:
    out(retailer, "shiphawk")
    order_id = retailer.place_order(order_snapshot(line(SHIRT)))
    retailer.write(
        lambda tx: network.start_detected_outage(
            tx, carrier="shiphawk", reason=Message("silent"), until_at=NOON + timedelta(hours=1), at=NOON
        )
    )
    retailer.ship(order_id)
    assert outage_control.check(retailer.app.context) == 0
    assert [str(each.reason) for each in retailer.read(views.every_outage)] == ["strike"]


def test_a_label_is_bought_from_another_carrier_of_the_location(retailer: Retailer) -> None:
    document = retailer.read(views.document)
    both = msgspec.structs.replace(
        document, locations={**document.locations, "WH-A": Site(carriers=("shiphawk", "store-parcels"))}
    )
    retailer.write(lambda tx: network.configure(tx, document=both, note="two carriers", at=NOON))
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    out(retailer, "shiphawk")
    (parcel,) = retailer.ship(order_id)
    assert parcel.connection_id == retailer.connection_ids["store-parcels"]


def test_what_cannot_be_is_refused(retailer: Retailer) -> None:
    with pytest.raises(errors.NotFound, match="Carriers: shiphawk, store-parcels"):
        out(retailer, "pigeon")
    with pytest.raises(errors.Invalid, match="must end in the future"):
        out(retailer, "shiphawk", until_at=NOON)
    with pytest.raises(errors.NotFound, match="has no outage"):
        retailer.write(lambda tx: outage_control.end(tx, carrier="shiphawk", now=NOON))
