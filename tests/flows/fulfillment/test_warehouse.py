"""Work at a warehouse of a partner: sent once, shipped by its reports in any order, stopped only if it agrees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests import clock
from tests.builders import NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import State, Work
from doorstep.domain.fulfillment.model.warehouse import (
    Carton,
    CartonLine,
    ShortLine,
    WarehouseOrder,
    WarehouseShipment,
    WarehouseState,
    WarehouseStatus,
    WarehouseUpdate,
)
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.reports import GoodsReport, ReportedUnits, StockReport
from doorstep.domain.network import views as network
from doorstep.flows import operations
from doorstep.flows.capture import connection_maps
from doorstep.flows.fulfillment import cancel, fulfill, recall, warehouse, warehouse_reports
from doorstep.flows.fulfillment.commands import AtWarehouse
from doorstep.kernel import errors, jobs
from doorstep.kernel.http.fake_partner import Fault
from doorstep.kernel.ids import OrderId, Sku


def two_shirts() -> Any:
    return line(SHIRT, 2, 149_900, external_line_id=f"line-{SHIRT}")


class Partner:
    """A warehouse that serves the location to which orders of Delhi go."""

    def __init__(self, retailer: Retailer) -> None:
        self.retailer = retailer
        app = retailer.app
        more = Correction(Sku(SHIRT), retailer.location_ids["WH-A"], "found", change=10)
        retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=NOON))  # enough at two locations
        first = retailer.place_order(order_snapshot(two_shirts()))
        self.location_id = retailer.work(first)[0].location_id
        self.code = retailer.read(lambda tx: network.location(tx, location_id=self.location_id).code)
        connector = app.registry.connector(Kind.WAREHOUSES, "sandbox")
        settings = {"webhook_secret": "the secret of the warehouse"}
        retailer.write(
            lambda tx: app.registry.configure(
                tx, key="3pl", connector=connector, name="Parcel house", settings=settings, mode=Mode.LIVE
            )
        )
        app.registry.look_again()
        retailer.connection_ids["3pl"] = app.registry.by_key("3pl").id
        retailer.write(lambda tx: cancel.cancel(tx, order_id=first, reason="a probe", now=NOON))
        retailer.settle()
        retailer.write(self._map)

    def _map(self, tx: Any) -> None:
        connection = self.retailer.app.registry.by_key("3pl")
        connection_maps.set_map(
            self.retailer.app.context, tx, connection=connection, kind=MapKind.LOCATION, external_value="DEL1",
            our_value=self.code,
        )  # fmt: skip

    @property
    def client(self) -> Any:
        return self.retailer.client("3pl")

    def request(self) -> None:
        """The periodic job runs, and then what follows."""
        warehouse.request_due(self.retailer.app.context)
        self.retailer.settle()

    def place(self) -> OrderId:
        """An order of two shirts that goes to the warehouse, and is not sent there yet."""
        return self.retailer.place_order(order_snapshot(two_shirts()))

    def order(self) -> tuple[OrderId, Work]:
        """One that is sent."""
        order_id = self.place()
        self.request()
        (work,) = self.retailer.work(order_id)
        assert work.location_id == self.location_id
        return order_id, work

    def report(self, *reported: object) -> None:
        topics = {
            WarehouseUpdate: "update",
            WarehouseShipment: "shipment",
            StockReport: "stock",
            GoodsReport: "goods",
        }
        for each in reported:
            self.retailer.receive("3pl", topics[type(each)], each)
        self.retailer.settle()

    def state(self, work: Work) -> WarehouseOrder:
        (found,) = self.retailer.read(
            lambda tx: work_views.at_warehouse(tx, fulfillment_order_ids=[work.id])
        ).values()
        return found

    def stock(self, sku: str = SHIRT) -> tuple[int, int]:
        return self.retailer.count(sku, self.code)


@pytest.fixture
def partner(retailer: Retailer) -> Iterator[Partner]:
    with clock.at(NOON):
        yield Partner(retailer)


def carton(number: int, *units: tuple[int, int]) -> Carton:
    lines = tuple(CartonLine(str(line_no), quantity) for line_no, quantity in units)
    return Carton(
        f"box-{number}", lines, "Blue Dart", "Surface", f"BD{number}", f"https://bd.example/{number}", 900
    )


def shipped(
    work: Work, *cartons: Carton, short: tuple[ShortLine, ...] = (), at: datetime = NOON
) -> WarehouseShipment:
    return WarehouseShipment(f"FO-{work.id}", at, cartons, short)


def update(work: Work, status: WarehouseStatus, minutes: int = 0, reason: str = "") -> WarehouseUpdate:
    return WarehouseUpdate(f"FO-{work.id}", status, NOON + timedelta(minutes=minutes), reason)


def test_released_work_is_sent_once_with_everything_that_the_warehouse_needs(partner: Partner) -> None:
    order_id, work = partner.order()
    partner.request()
    (request,) = partner.client.orders.values()
    header = partner.retailer.order(order_id).header
    assert (request.reference, request.warehouse, request.order_number) == (
        f"FO-{work.id}",
        "DEL1",
        header.number,
    )
    assert [(each.line_ref, each.sku, each.quantity) for each in request.lines] == [("1", SHIRT, 2)]
    assert (request.recipient.city, request.recipient.country) == ("New Delhi", "IN")
    assert request.ship_by is not None
    state = partner.state(work)
    assert (state.state, state.external_ref) == (WarehouseState.SENT, f"W-FO-{work.id}")


def test_a_lost_answer_is_repeated_under_the_same_reference(partner: Partner) -> None:
    partner.client.partner.fail(Fault.TIME_OUT)
    _order_id, work = partner.order()
    assert list(partner.client.orders) == [f"FO-{work.id}"]
    assert partner.state(work).state is WarehouseState.SENT


def test_what_the_warehouse_never_takes_is_a_dead_letter_and_can_be_sent_again(partner: Partner) -> None:
    partner.client.partner.fail(Fault.ERROR)
    _order_id, work = partner.order()
    assert partner.state(work).state is WarehouseState.FAILED
    assert "rejected the request" in partner.state(work).error
    (dead,) = partner.retailer.dead_letters()
    from_letters = {"ids": [int(str(dead["id"]))]}
    partner.retailer.write(lambda tx: jobs.redrive(tx, **from_letters))
    partner.retailer.settle()
    assert partner.state(work).state is WarehouseState.SENT


def test_people_cannot_do_the_work_of_a_warehouse(partner: Partner) -> None:
    order_id = partner.place()
    (work,) = partner.retailer.work(order_id)
    for _ in range(2):  # before it is sent, too
        for act in (fulfill.accept, fulfill.pick_all):
            with pytest.raises(AtWarehouse, match=f"The warehouse {partner.code} does this work"):
                partner.retailer.write(lambda tx, act=act: act(tx, fulfillment_order_id=work.id, now=NOON))
        partner.request()


def test_a_shipment_in_two_cartons_leaves_stock_and_follows_as_usual(partner: Partner) -> None:
    before = partner.stock()
    order_id, work = partner.order()
    assert partner.stock() == (before[0], before[1] + 2)
    partner.report(update(work, WarehouseStatus.ACKNOWLEDGED), update(work, WarehouseStatus.PICKING, 1))
    assert partner.retailer.work(order_id)[0].state is State.ACCEPTED
    partner.report(shipped(work, carton(1, (1, 1)), carton(2, (1, 1)), at=NOON - timedelta(minutes=5)))
    (done,) = partner.retailer.work(order_id)
    assert (done.state, partner.state(work).state) == (State.SHIPPED, WarehouseState.SHIPPED)
    assert partner.stock() == (before[0] - 2, before[1])
    parcels = partner.retailer.parcels(order_id)
    assert [(each.tracking_number, each.carrier, each.weight_grams) for each in parcels] == [
        ("BD1", "Blue Dart", 900), ("BD2", "Blue Dart", 900),
    ]  # fmt: skip
    assert len(partner.retailer.client("shop").shipments) == 2
    assert not partner.retailer.client("shiphawk").labels
    (ordered,) = partner.retailer.order(order_id).lines
    assert (ordered.packed, ordered.shipped) == (2, 2)
    assert partner.retailer.dead_letters() == []


@pytest.mark.parametrize("is_reversed", [False, True])
def test_cartons_in_several_messages_twice_and_in_any_order_ship_once(
    partner: Partner, is_reversed: bool
) -> None:
    before = partner.stock()
    order_id, work = partner.order()
    reports = [
        update(work, WarehouseStatus.ACKNOWLEDGED),
        shipped(work, carton(1, (1, 1))),
        shipped(work, carton(2, (1, 1))),
        shipped(work, carton(1, (1, 1)), carton(2, (1, 1))),
    ]
    partner.report(*(reversed(reports) if is_reversed else reports))
    assert {each.state for each in partner.retailer.work(order_id)} == {State.SHIPPED}
    assert sum(each.quantity for each in partner.retailer.order(order_id).lines) == 2
    assert partner.stock() == (before[0] - 2, before[1])
    assert sorted(each.tracking_number for each in partner.retailer.parcels(order_id)) == ["BD1", "BD2"]
    assert len(partner.retailer.client("shop").shipments) == 2
    assert partner.retailer.dead_letters() == []


def test_a_report_that_comes_before_our_call_returns_is_applied(partner: Partner) -> None:
    order_id = partner.place()
    (work,) = partner.retailer.work(order_id)
    (ordered,) = work.lines
    partner.report(shipped(work, carton(1, (1, ordered.quantity))))
    assert partner.retailer.work(order_id)[0].state is State.OPEN
    (dead,) = partner.retailer.dead_letters()  # what was never sent is not waited for forever
    assert "Nothing was sent to the warehouse" in str(dead["error"])
    partner.request()
    partner.retailer.write(lambda tx: operations.retry(tx, messages=[int(str(dead["id"]))]))
    partner.retailer.settle()
    assert partner.retailer.work(order_id)[0].state is State.SHIPPED


def test_units_that_the_warehouse_does_not_have_are_allocated_elsewhere(partner: Partner) -> None:
    order_id, work = partner.order()
    short = (ShortLine("1", 1, reason="out_of_stock"),)
    partner.report(shipped(work, carton(1, (1, 1)), short=short))
    works = partner.retailer.work(order_id)
    assert {each.id: each.state for each in works}[work.id] is State.SHIPPED
    assert [each.state for each in works].count(State.REJECTED) == 1
    (ordered,) = partner.retailer.order(order_id).lines
    assert (ordered.shipped, ordered.quantity) == (1, 2)
    elsewhere = [each for each in works if each.state in {State.OPEN, State.PLANNED}]
    assert [sum(line.quantity for line in each.lines) for each in elsewhere] == [1]
    assert elsewhere[0].location_id != partner.location_id
    assert partner.stock()[0] == partner.stock()[1]  # nothing is left here that is not reserved
    partner.report(shipped(work, carton(1, (1, 1)), short=short))
    assert len(partner.retailer.work(order_id)) == len(works)


def test_an_order_of_which_nothing_is_there_is_allocated_elsewhere(partner: Partner) -> None:
    order_id, work = partner.order()
    partner.report(shipped(work, short=(ShortLine("1", 2, is_damaged=True, reason="damaged"),)))
    assert partner.state(work).state is WarehouseState.REFUSED
    assert {each.state for each in partner.retailer.work(order_id)} == {State.REJECTED, State.OPEN}


@pytest.mark.parametrize("status", [WarehouseStatus.REFUSED, WarehouseStatus.CANCELED])
def test_work_that_the_warehouse_refuses_is_routed_another_way(
    partner: Partner, status: WarehouseStatus
) -> None:
    order_id, work = partner.order()
    partner.report(update(work, status, reason="unknown sku"))
    refused, other = partner.retailer.work(order_id)
    assert (refused.state, other.location_id != partner.location_id) == (State.REJECTED, True)
    assert partner.state(work).error == "unknown sku"


def test_more_than_was_ordered_is_a_dead_letter(partner: Partner) -> None:
    order_id, work = partner.order()
    partner.report(shipped(work, carton(1, (1, 3))), shipped(work, carton(2, (7, 1))))
    errors_ = sorted(str(each["error"]) for each in partner.retailer.dead_letters())
    assert errors_ == [
        "The warehouse reports 1 of line 7, of which 0 are left.",
        f"The warehouse reports 3 {SHIRT} of line 1, of which 2 are left.",
    ]
    assert partner.retailer.parcels(order_id) == []


def test_an_order_is_canceled_once_the_warehouse_agrees(partner: Partner) -> None:
    before = partner.stock()
    order_id, work = partner.order()
    is_asked = partner.retailer.write(
        lambda tx: cancel.cancel(tx, order_id=order_id, reason="changed their mind", now=NOON)
    )
    assert is_asked
    assert partner.retailer.order(order_id).header.canceled_at is None
    partner.retailer.settle()
    assert partner.client.canceled == {f"FO-{work.id}"}
    assert partner.retailer.order(order_id).header.canceled_at is not None
    assert (partner.state(work).state, partner.stock()) == (WarehouseState.CANCELED, before)


def test_an_order_that_is_too_late_to_cancel_is_held_and_ships(partner: Partner) -> None:
    order_id, work = partner.order()
    partner.client.packed.add(f"FO-{work.id}")
    partner.retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="late", now=NOON))
    partner.retailer.settle()
    assert partner.state(work).state is WarehouseState.TOO_LATE
    (hold,) = partner.retailer.holds(order_id).values()
    assert hold.startswith(f"The warehouse {partner.code} can no longer stop this order (late)")
    (ordered,) = work.lines
    partner.report(shipped(work, carton(1, (1, ordered.quantity))))
    assert partner.retailer.work(order_id)[0].state is State.SHIPPED


@pytest.mark.parametrize("answer", [WarehouseStatus.CANCELED, WarehouseStatus.TOO_LATE])
def test_an_answer_without_a_time_counts_after_reports_that_have_one(
    partner: Partner, answer: WarehouseStatus
) -> None:
    order_id, work = partner.order()
    partner.report(WarehouseUpdate(f"FO-{work.id}", WarehouseStatus.ACKNOWLEDGED, NOON))
    answered = WarehouseUpdate(f"FO-{work.id}", answer, datetime(1970, 1, 1, tzinfo=UTC))

    def ask_and_be_answered(tx: Any) -> None:
        cancel.cancel(tx, order_id=order_id, reason="late", now=NOON)
        connection_id = partner.retailer.connection_ids["3pl"]
        warehouse_reports.update(tx, connection_id=connection_id, seen=answered, trace_id="", now=NOON)

    partner.retailer.write(ask_and_be_answered)
    assert partner.state(work).state == answer.value


def test_what_is_canceled_before_it_was_sent_is_not_sent(partner: Partner) -> None:
    order_id = partner.place()
    (work,) = partner.retailer.work(order_id)
    warehouse.request_due(partner.retailer.app.context)
    partner.retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="at once", now=NOON))
    partner.retailer.settle()
    assert partner.client.orders == {}
    assert partner.retailer.order(order_id).header.canceled_at is not None
    assert partner.state(work).state is WarehouseState.CANCELED


def test_what_is_canceled_while_it_is_being_sent_is_canceled_there(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    port: Any = partner.retailer.app.registry.warehouse(partner.retailer.connection_ids["3pl"])
    send = port.send

    def slowly(request: Any) -> str:
        answer = str(send(request))
        order_id = OrderId(partner.retailer.read(lambda tx: tx.value(int, "SELECT max(id) FROM orders")))
        partner.retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="now", now=NOON))
        return answer

    monkeypatch.setattr(port, "send", slowly)
    order_id = partner.place()
    (work,) = partner.retailer.work(order_id)
    partner.request()
    assert partner.client.canceled == {f"FO-{work.id}"}
    assert partner.state(work).state is WarehouseState.CANCELED


@pytest.mark.parametrize("is_packed", [False, True])
def test_recalled_work_moves_only_if_the_warehouse_agrees(partner: Partner, is_packed: bool) -> None:
    order_id, work = partner.order()
    if is_packed:
        partner.client.packed.add(f"FO-{work.id}")
    done = partner.retailer.write(
        lambda tx: recall.request(tx, fulfillment_order_id=work.id, why="the roof leaks", now=NOON)
    )
    assert not done
    partner.retailer.settle()
    works = partner.retailer.work(order_id)
    if is_packed:
        assert [(each.state, each.recall_requested) for each in works] == [(State.OPEN, False)]
        assert partner.state(work).state is WarehouseState.TOO_LATE
    else:
        assert [each.state for each in works] == [State.REJECTED, State.OPEN]
        assert works[1].location_id != partner.location_id


def test_goods_that_leave_after_their_order_was_canceled_are_shown(partner: Partner) -> None:
    order_id, work = partner.order()
    partner.retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="late", now=NOON))
    partner.retailer.settle()
    (ordered,) = work.lines
    partner.report(shipped(work, carton(1, (1, ordered.quantity))))
    (dead,) = partner.retailer.dead_letters()
    assert "but this fulfillment order is canceled here" in str(dead["error"])


def test_the_same_order_can_be_canceled_by_its_channel(partner: Partner) -> None:
    snapshot = order_snapshot(two_shirts())
    order_id = partner.retailer.place_order(snapshot)
    partner.request()
    partner.retailer.receive(
        "shop", "order", replace(snapshot, canceled_at=NOON, version_at=NOON + timedelta(minutes=1))
    )
    partner.retailer.settle()
    assert partner.retailer.order(order_id).header.canceled_at is not None
    assert partner.retailer.holds(order_id) == {}


def test_a_snapshot_of_the_stock_counts_as_of_its_time(partner: Partner) -> None:
    """A shipment that left after the snapshot was taken is not counted twice; an older snapshot changes nothing."""
    _order_id, work = partner.order()
    lines = (ReportedUnits(SHIRT, 50), ReportedUnits(SHIRT, 3, Condition.DAMAGED))
    partner.report(shipped(work, carton(1, (1, 2)), at=NOON - timedelta(minutes=5)))
    partner.report(StockReport("DEL1", "s-1", NOON - timedelta(minutes=30), lines))
    assert partner.stock() == (48, 0)
    partner.report(StockReport("DEL1", "s-2", NOON - timedelta(minutes=1), (ReportedUnits(SHIRT, 40),)))
    partner.report(StockReport("DEL1", "s-0", NOON - timedelta(minutes=40), (ReportedUnits(SHIRT, 99),)))
    partner.report(StockReport("DEL1", "s-2", NOON - timedelta(minutes=1), (ReportedUnits(SHIRT, 40),)))
    assert partner.stock() == (40, 0)
    assert partner.retailer.count(SHIRT, partner.code, "damaged") == (3, 0)


def test_a_complete_snapshot_clears_what_it_does_not_name(partner: Partner) -> None:
    partner.report(StockReport("DEL1", "s-1", NOON, (ReportedUnits(SHIRT, 5),), is_complete=True))
    on_hand = partner.retailer.read(
        lambda tx: tx.value(
            int, "SELECT sum(on_hand)::bigint FROM stock WHERE location_id = %s", (partner.location_id,)
        )
    )
    assert (partner.stock()[0], on_hand) == (5, 5)


def test_adjustments_and_receipts_count_once(partner: Partner) -> None:
    before = partner.stock()[0]
    found = StockReport("DEL1", "adj-1", NOON, (ReportedUnits(SHIRT, -2),), is_change=True)
    goods = GoodsReport(
        "DEL1", "rec-1", NOON, (ReportedUnits(SHIRT, 10), ReportedUnits(SHIRT, 1, Condition.DAMAGED))
    )
    partner.report(found, found, goods, replace(goods))
    assert partner.stock()[0] == before + 8
    assert partner.retailer.count(SHIRT, partner.code, "damaged") == (1, 0)


def test_a_location_that_is_not_mapped_is_a_dead_letter_until_it_is(partner: Partner) -> None:
    partner.report(StockReport("BOM9", "s-1", NOON, (ReportedUnits(SHIRT, 5),), is_complete=True))
    (dead,) = partner.retailer.dead_letters()
    assert "names the location 'BOM9', which is not mapped" in str(dead["error"])


def test_a_location_is_served_by_one_warehouse(partner: Partner) -> None:
    app = partner.retailer.app
    connector = app.registry.connector(Kind.WAREHOUSES, "sandbox")
    settings = {"webhook_secret": "the secret of another one"}
    partner.retailer.write(
        lambda tx: app.registry.configure(
            tx, key="other", connector=connector, name="Other", settings=settings, mode=Mode.LIVE
        )
    )
    app.registry.look_again()
    other = app.registry.by_key("other")
    for ours, problem in ((partner.code, errors.Conflict), ("NOWHERE", errors.Invalid)):
        with pytest.raises(problem):
            partner.retailer.write(
                lambda tx, ours=ours: connection_maps.set_map(
                    app.context,
                    tx,
                    connection=other,
                    kind=MapKind.LOCATION,
                    external_value="X",
                    our_value=ours,
                )
            )
