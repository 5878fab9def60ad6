"""A third-party warehouse behind real SFTP, in CSV and X12: from the order to stock that is exact, whatever goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests import builders, clock, partners
from tests.builders import NOON, SHIRT, Retailer
from tests.flows.fulfillment.house import PARTNER, House, in_two_cartons

from doorstep.domain.connections.views import files as file_views
from doorstep.domain.fulfillment.model import State
from doorstep.domain.fulfillment.model.warehouse import WarehouseState
from doorstep.flows.fulfillment import cancel
from doorstep_sandbox.frame import clock as partner_clock


@pytest.fixture(scope="module")
def running() -> Iterator[partners.Partners]:
    with partners.running({}, [PARTNER]) as found:
        yield found


@pytest.fixture(params=["csv", "x12"])
def house(request: pytest.FixtureRequest, retailer: Retailer, running: partners.Partners) -> Iterator[House]:
    with clock.at(NOON):
        yield House(retailer, running, request.param)


def test_an_order_is_written_acknowledged_shipped_in_two_cartons_and_confirmed(house: House) -> None:
    before = house.stock()
    order_id, work = house.order()
    order = house.partners.state(PARTNER)["orders"][f"FO-{work.id}"]
    assert [(each["line_ref"], each["sku"], each["quantity"]) for each in order["lines"]] == [("1", SHIRT, 2)]
    assert house.state(work) is WarehouseState.SENT
    house.look()
    assert house.state(work) is WarehouseState.ACKNOWLEDGED
    assert house.retailer.work(order_id)[0].state is State.ACCEPTED
    house.partners.act(PARTNER, "pick", order_ref=f"FO-{work.id}")
    house.partners.act(PARTNER, "ship", **in_two_cartons(work), shipped_at=f"{NOON:%Y-%m-%dT%H:%M:%SZ}")
    house.look()
    (done,) = house.retailer.work(order_id)
    assert (done.state, house.state(work)) == (State.SHIPPED, WarehouseState.SHIPPED)
    assert [each.tracking_number for each in house.retailer.parcels(order_id)] == ["1Z1", "1Z2"]
    assert {each.carrier for each in house.retailer.parcels(order_id)} == {"UPS"}
    assert len(house.retailer.client("shop").shipments) == 2
    assert house.stock() == (before[0] - 2, before[1])
    assert (house.stock()[0], house.files("outbound"), house.feed_error()) == (house.theirs(), [], None)
    assert house.retailer.dead_letters() == []
    assert house.files("errors") == []


def test_every_interchange_of_the_warehouse_is_acknowledged_once(
    retailer: Retailer, running: partners.Partners
) -> None:
    with clock.at(NOON):
        house = House(retailer, running, "x12")
        _order_id, work = house.order()
        running.act(PARTNER, "ship", order_ref=f"FO-{work.id}")
        house.look()
        house.look()
        assert len(house.files("archive", "ack_")) == 1  # our 997 for the 945; none for the 997
        sent = retailer.read(
            lambda tx: file_views.listed(tx, connection_id=house.connection.id, state="written")
        )
        assert sorted((each.feed, each.number) for each in sent) == [("ack", 2), ("orders", 1)]


def test_files_twice_shuffled_and_before_the_acknowledgement_ship_once(house: House) -> None:
    before = house.stock()
    house.partners.act(PARTNER, "script", hold=True, duplicates=1, shuffle_seed=7)
    order_id, work = house.order()
    house.partners.act(PARTNER, "ship", **in_two_cartons(work))
    house.partners.act(PARTNER, "release")
    house.look()
    assert {each.state for each in house.retailer.work(order_id)} == {State.SHIPPED}
    assert len(house.retailer.parcels(order_id)) == 2
    assert house.stock() == (before[0] - 2, before[1])
    assert house.retailer.dead_letters() == []
    found = house.retailer.read(lambda tx: file_views.listed(tx, connection_id=house.connection.id))
    assert [each.state for each in found if each.duplicate_of] != []


def test_a_line_that_ships_short_is_shipped_from_another_location(house: House) -> None:
    order_id, work = house.order()
    carton = [{"lines": [{"line_ref": "1", "quantity": 1}]}]
    house.partners.act(PARTNER, "ship", order_ref=f"FO-{work.id}", cartons=carton)
    house.look()
    works = house.retailer.work(order_id)
    assert {each.id: each.state for each in works}[work.id] is State.SHIPPED
    (elsewhere,) = [each for each in works if each.state in {State.OPEN, State.PLANNED}]
    assert (elsewhere.location_id != house.location_id, [each.quantity for each in elsewhere.lines]) == (
        True,
        [1],
    )


def test_an_order_is_canceled_once_the_warehouse_has_answered(house: House) -> None:
    before = house.stock()
    order_id, work = house.order()
    house.look()
    assert house.retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="no longer", now=NOON))
    house.send()
    assert house.state(work) is WarehouseState.CANCELING
    house.look()
    assert house.state(work) is WarehouseState.CANCELED
    assert house.retailer.order(order_id).header.canceled_at is not None
    assert house.stock() == before


def test_an_order_that_is_packed_is_too_late_to_cancel_and_ships(house: House) -> None:
    order_id, work = house.order()
    house.partners.act(PARTNER, "pick", order_ref=f"FO-{work.id}")
    house.partners.act(PARTNER, "pack", order_ref=f"FO-{work.id}")
    house.retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="late", now=NOON))
    house.send()
    house.look()
    assert house.state(work) is WarehouseState.TOO_LATE
    (hold,) = house.retailer.holds(order_id).values()
    assert "can no longer stop this order (late): stop the parcel" in hold
    house.partners.act(PARTNER, "ship", order_ref=f"FO-{work.id}")
    house.look()
    assert house.retailer.work(order_id)[0].state is State.SHIPPED


def test_an_order_that_the_warehouse_rejects_is_routed_another_way(house: House) -> None:
    house.partners.act(PARTNER, "reset")  # it no longer knows the SKU
    house.partners.act(PARTNER, "script", reading=False)
    order_id, work = house.order()
    house.look()
    assert house.state(work) is WarehouseState.REFUSED
    assert {each.state for each in house.retailer.work(order_id)} == {State.REJECTED, State.OPEN}


def test_a_server_that_is_down_loses_nothing(house: House) -> None:
    house.partners.fail(PARTNER, {"method": "PUT", "kind": "refuse_before_work", "times": 1})
    order_id, work = house.order()
    assert len(house.files("archive", "orders_")) == 1
    house.partners.act(PARTNER, "ship", order_ref=f"FO-{work.id}")
    house.partners.fail(PARTNER, {"method": "GET", "kind": "refuse_before_work", "times": 20})
    house.look()
    assert "did not answer" in (house.feed_error() or "")
    house.partners.fail(PARTNER)
    house.look()
    assert house.retailer.work(order_id)[0].state is State.SHIPPED
    assert house.feed_error() is None


def test_a_file_that_was_cut_off_is_a_dead_message_in_the_errors_folder(house: House) -> None:
    _order_id, work = house.order()
    house.look()
    house.partners.act(PARTNER, "script", cut_off_next=1)
    house.partners.act(PARTNER, "snapshot")
    house.look()
    (dead,) = house.retailer.dead_letters()
    assert "The file is cut off" in str(dead["error"])
    assert len(house.files("errors", "0")) == 1
    assert house.state(work) is WarehouseState.ACKNOWLEDGED


def test_stock_adjustments_and_receipts_of_the_warehouse_make_ours_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    later = NOON + timedelta(hours=1)
    shift = tmp_path / "clock"  # the warehouse's clock says what ours says
    shift.write_text(str((later - partner_clock.now()).total_seconds()), encoding="utf-8")
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(shift))
    with clock.at(later):
        house.partners.act(PARTNER, "adjust", sku=SHIRT, quantity=-1, reason="lost")
        house.partners.act(PARTNER, "receive", lines=[{"sku": SHIRT, "quantity": 12, "damaged": 2}])
        house.look()
        assert house.stock()[0] == house.theirs()
        assert house.retailer.count(SHIRT, house.code, "damaged") == (2, 0)
        house.partners.act(PARTNER, "stock", items=[{"sku": SHIRT, "on_hand": 40}])
        house.partners.act(PARTNER, "snapshot")
        house.look()
        assert house.stock()[0] == 40


WORKER = """
import os, signal, sys
from doorstep.domain.connections.actions import files
moved = files.moved
def killed(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)
files.moved = killed
from doorstep.bootstrap import open_app
from doorstep.kernel.settings import Settings
from doorstep.delivery.worker.feeds import FeedReader
app = open_app(Settings()).__enter__()
reader = FeedReader(app)
reader.take()
reader.wait()
"""


def test_a_worker_that_is_killed_between_storing_and_archiving_loses_and_doubles_nothing(
    house: House,
) -> None:
    """A process of its own, killed by the system after the file has moved and before that is recorded."""
    before = house.stock()
    order_id, work = house.order()
    house.look()
    house.partners.act(PARTNER, "ship", **in_two_cartons(work))
    environment = {**os.environ, **builders.environment(house.retailer.app)}
    for _ in range(2):  # the first look only sees the files
        house.retailer.write(
            lambda tx: tx.execute("UPDATE feed_readings SET due_at = now(), leased_until = NULL")
        )
        ended = subprocess.run([sys.executable, "-c", WORKER], env=environment, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    house.look()
    house.look()
    assert {each.state for each in house.retailer.work(order_id)} == {State.SHIPPED}
    assert len(house.retailer.parcels(order_id)) == 2
    assert house.stock() == (before[0] - 2, before[1])
    assert house.files("outbound") == []
    assert house.retailer.dead_letters() == []
