"""Transfers: reserved, in transit, received; losses and surplus are recorded, every step is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT

from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.actions import NewReservation, transfers
from doorstep.domain.inventory.actions.transfers import Command, Receipt
from doorstep.domain.inventory.model import Condition, InsufficientStock, UnknownPosition
from doorstep.domain.inventory.model.transfers import Plan, RequestedLine, TransferReceiptLine, TransferState
from doorstep.domain.inventory.views import transfers as transfer_views
from doorstep.domain.inventory.views.transfers import TransferFilter
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId, OrderId, Sku, TransferId
from doorstep.kernel.states import IllegalMove

A, B, C = LocationId(1), LocationId(2), LocationId(3)


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """Ten shirts and two jackets in A, nothing in B and C; at the end the ledger must agree with its counters."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10, JACKET: 2}, B={SHIRT: 0}, C={SHIRT: 0})
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def count(
    database: Database, location: LocationId = A, condition: Condition = Condition.NEW, sku: Sku = SHIRT
) -> tuple[int, int]:
    """On hand and reserved."""
    with database.read() as tx:
        found = {each.condition: each for each in views.positions(tx, sku=sku, location_id=location)}
    return (found[condition].on_hand, found[condition].reserved) if condition in found else (0, 0)


def draft(database: Database, **units: int) -> TransferId:
    lines = [RequestedLine(Sku(sku.replace("_", "-")), quantity) for sku, quantity in units.items()]
    with database.write(actor="user:1") as tx:
        (found,) = transfers.draft(tx, plans=[Plan(A, B, lines or [RequestedLine(SHIRT, 4)])], at=NOON)
    return found


def do(database: Database, verb: str, transfer_id: TransferId, **given: object) -> None:
    with database.write(actor="user:1") as tx:
        getattr(transfers, verb)(tx, command=Command(transfer_id, NOON), **given)


def receive(
    database: Database,
    transfer_id: TransferId,
    *lines: TransferReceiptLine,
    closes: bool = False,
    reason: str = "",
) -> None:
    do(database, "receive", transfer_id, receipt=Receipt(lines, closes, reason))


def in_transit(database: Database, **units: int) -> TransferId:
    transfer_id = draft(database, **units)
    do(database, "request", transfer_id)
    do(database, "ship", transfer_id)
    return transfer_id


def incoming(database: Database, sku: Sku = SHIRT) -> int:
    """What B expects."""
    with database.read() as tx:
        return sum(each.incoming for each in views.positions(tx, sku=sku, location_id=B))


def state(database: Database, transfer_id: TransferId) -> TransferState:
    with database.read() as tx:
        return transfer_views.row(tx, transfer_id=transfer_id).state


def event_types(database: Database, transfer_id: TransferId) -> list[str]:
    with database.read() as tx:
        return [each.type for each in event_log.of_stream(tx, stream="transfer", stream_id=transfer_id)]


def test_goods_are_tied_up_put_on_the_road_and_arrive(database: Database) -> None:
    transfer_id = draft(database)
    assert count(database) == (10, 0)
    do(database, "request", transfer_id)
    assert (count(database), incoming(database)) == ((10, 4), 4)
    do(database, "ship", transfer_id)
    assert [count(database), count(database, B, Condition.IN_TRANSIT), count(database, B)] == [
        (6, 0),
        (4, 0),
        (0, 0),
    ]
    receive(database, transfer_id, TransferReceiptLine(SHIRT, 4))
    assert [count(database, B, Condition.IN_TRANSIT), count(database, B)] == [(0, 0), (4, 0)]
    assert state(database, transfer_id) is TransferState.RECEIVED
    steps = ("drafted", "requested", "shipped", "received")
    assert event_types(database, transfer_id) == [f"transfer.{step}" for step in steps]


def test_the_way_back_off_the_road_names_the_movement_that_put_it_there(database: Database) -> None:
    receive(database, in_transit(database), TransferReceiptLine(SHIRT, 4))
    statement = """
        SELECT type, location_id, condition, on_hand_change, reserved_change,
               (SELECT o.type || ' ' || o.condition FROM stock_movements o WHERE o.id = m.reverses) AS of
          FROM stock_movements m WHERE cause LIKE 'transfer/%' ORDER BY id
    """
    with database.read() as tx:
        ledger = [tuple(row.values()) for row in tx.rows(statement)]
    assert sorted(ledger, key=str) == sorted(
        [
            ("reserved", A, "new", 0, 4, None),
            ("released", A, "new", 0, -4, "reserved new"),
            ("transferred", A, "new", -4, 0, None),
            ("transferred", B, "in_transit", 4, 0, None),
            ("transferred", B, "in_transit", -4, 0, "transferred in_transit"),
            ("transferred", B, "new", 4, 0, None),
        ],
        key=str,
    )


def test_fewer_units_may_be_shipped_than_requested(database: Database) -> None:
    transfer_id = draft(database, GT_WH_02=4, DJ_BL_01=2)
    do(database, "request", transfer_id)
    do(database, "ship", transfer_id, sent={SHIRT: 3})
    assert [count(database), count(database, sku=JACKET)] == [(7, 0), (2, 0)]
    assert count(database, B, Condition.IN_TRANSIT) == (3, 0)
    assert (incoming(database), incoming(database, JACKET)) == (3, 0)
    with database.read() as tx:
        reported = event_log.of_stream(tx, stream="transfer", stream_id=transfer_id)[-1].data
    assert (reported["units"], reported["skus"]) == (3, [JACKET, SHIRT])


def test_a_transfer_may_be_received_on_several_days(database: Database) -> None:
    transfer_id = in_transit(database)
    receive(database, transfer_id, TransferReceiptLine(SHIRT, 1))
    assert (state(database, transfer_id), count(database, B), incoming(database)) == (
        TransferState.SHIPPED,
        (1, 0),
        3,
    )
    receive(
        database, transfer_id, TransferReceiptLine(SHIRT, 1), TransferReceiptLine(SHIRT, 2, Condition.DAMAGED)
    )
    assert state(database, transfer_id) is TransferState.RECEIVED
    assert [count(database, B), count(database, B, Condition.DAMAGED)] == [(2, 0), (2, 0)]
    assert incoming(database) == 0


def test_what_is_lost_leaves_the_road_with_a_reason(database: Database) -> None:
    transfer_id = in_transit(database)
    with pytest.raises(errors.Invalid, match="enter a reason"):
        receive(database, transfer_id, TransferReceiptLine(SHIRT, 3), closes=True)
    receive(database, transfer_id, TransferReceiptLine(SHIRT, 3), closes=True, reason="box was torn")
    assert [count(database, B), count(database, B, Condition.IN_TRANSIT)] == [(3, 0), (0, 0)]
    with database.read() as tx:
        lost = next(row for row in views.movements(tx, sku=SHIRT, location_id=B) if row.type == "adjusted")
        reported = event_log.of_stream(tx, stream="transfer", stream_id=transfer_id)[-1].data
    assert (lost.on_hand_change, lost.condition, lost.reason) == (-1, "in_transit", "box was torn")
    assert (reported["units"], reported["over"], reported["lost"], reported["skus"]) == (3, 0, 1, [SHIRT])


def test_units_that_were_not_shipped_are_received(database: Database) -> None:
    transfer_id = in_transit(database)
    receive(
        database,
        transfer_id,
        TransferReceiptLine(SHIRT, 5),
        TransferReceiptLine(JACKET, 1),
        reason="packed too much",
    )
    assert [count(database, B), count(database, B, sku=JACKET)] == [(5, 0), (1, 0)]
    assert count(database, B, Condition.IN_TRANSIT) == (0, 0)
    with database.read() as tx:
        ledger = views.movements(tx, sku=SHIRT, location_id=B)
    kinds = {row.type: row.on_hand_change for row in ledger if row.condition == "new" and row.on_hand_change}
    assert kinds == {"transferred": 4, "received": 1}


@pytest.mark.parametrize("requested", [True, False])
def test_a_canceled_transfer_frees_what_it_tied_up(database: Database, requested: bool) -> None:
    transfer_id = draft(database)
    if requested:
        do(database, "request", transfer_id)
    do(database, "cancel", transfer_id)
    assert (count(database), incoming(database)) == ((10, 0), 0)
    with database.read() as tx:
        reported = event_log.of_stream(tx, stream="transfer", stream_id=transfer_id)[-1].data["skus"]
    assert reported == ([SHIRT] if requested else [])


@pytest.mark.parametrize("verb", ["request", "ship", "cancel"])
def test_a_step_that_is_not_next_is_refused(database: Database, verb: str) -> None:
    transfer_id = in_transit(database)
    with pytest.raises(IllegalMove):
        do(database, verb, transfer_id)


def test_only_what_is_free_is_tied_up(database: Database) -> None:
    with database.write(actor="system") as tx:
        reservation = NewReservation("fulfillment/1/line/1", SHIRT, A, 8, order_id=OrderId(1))
        actions.reserve(tx, reservations=[reservation], at=NOON)
    transfer_id = draft(database)
    with pytest.raises(InsufficientStock):
        do(database, "request", transfer_id)
    assert state(database, transfer_id) is TransferState.DRAFT


def test_a_draft_is_changed_and_a_stale_version_is_refused(database: Database) -> None:
    transfer_id = draft(database)
    do(database, "change", transfer_id, lines=[RequestedLine(JACKET, 1)])
    with database.read() as tx:
        found = transfer_views.transfer(tx, transfer_id=transfer_id)
    assert ([(line.sku, line.requested) for line in found.lines], found.version) == ([(JACKET, 1)], 2)
    with pytest.raises(errors.Conflict, match="someone else"), database.write(actor="user:2") as tx:
        transfers.cancel(tx, command=Command(transfer_id, NOON, version=1))
    do(database, "request", transfer_id)
    with pytest.raises(errors.Conflict, match="only a draft"):
        do(database, "change", transfer_id, lines=[RequestedLine(JACKET, 1)])


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(A, A, [RequestedLine(SHIRT, 1)]), "destination"),
        (Plan(A, B, []), "lines"),
        (Plan(A, B, [RequestedLine(SHIRT, 0)]), "quantity"),
        (Plan(A, B, [RequestedLine(SHIRT, 1), RequestedLine(SHIRT, 2)]), "lines"),
    ],
)
def test_a_transfer_that_makes_no_sense_is_not_drafted(database: Database, plan: Plan, field: str) -> None:
    with pytest.raises(errors.Invalid) as refused, database.write(actor="user:1") as tx:
        transfers.draft(tx, plans=[plan], at=NOON)
    assert refused.value.data["field"] == field


def test_what_the_catalog_does_not_have_is_named(database: Database) -> None:
    lines = [RequestedLine(Sku(f"NO-{number:02}"), 1) for number in range(12)]
    with (
        pytest.raises(UnknownPosition, match=r"NO-00, .*NO-09 and 2 more"),
        database.write(actor="user:1") as tx,
    ):
        transfers.draft(tx, plans=[Plan(A, B, lines)], at=NOON)


@pytest.mark.parametrize("sent", [{SHIRT: -1}, {SHIRT: 0}, {JACKET: 1}])
def test_what_leaves_is_on_the_transfer(database: Database, sent: dict[Sku, int]) -> None:
    transfer_id = draft(database)
    do(database, "request", transfer_id)
    with pytest.raises(errors.Invalid):
        do(database, "ship", transfer_id, sent=sent)


@pytest.mark.parametrize(
    "lines",
    [
        [TransferReceiptLine(SHIRT, 0)],
        [TransferReceiptLine(SHIRT, 1, Condition.IN_TRANSIT)],
        [TransferReceiptLine(SHIRT, 1), TransferReceiptLine(SHIRT, 1)],
    ],
)
def test_arrived_supply_is_closed(database: Database, lines: Sequence[TransferReceiptLine]) -> None:
    with pytest.raises(errors.Invalid):
        receive(database, in_transit(database), *lines)


def test_suggestions_share_the_one_draft_of_a_pair(database: Database) -> None:
    def suggest(**units: int) -> list[TransferId]:
        lines = [RequestedLine(Sku(sku.replace("_", "-")), each, "sells fast") for sku, each in units.items()]
        with database.write(actor="system") as tx:
            return transfers.suggest(tx, suggestions={(A, B): lines}, at=NOON)

    (made,) = suggest(GT_WH_02=3)
    assert (suggest(GT_WH_02=5), suggest(GT_WH_02=5, DJ_BL_01=1), suggest()) == ([], [made], [])
    with database.read() as tx:
        found = transfer_views.transfer(tx, transfer_id=made)
        rows = transfer_views.rows(tx, wanted=TransferFilter(location_id=B))
    assert [(line.sku, line.requested, line.why) for line in found.lines] == [
        (JACKET, 1, "sells fast"),
        (SHIRT, 3, "sells fast"),
    ]
    assert [(row.id, row.suggested, row.skus, row.units) for row in rows] == [(made, True, 2, 4)]


def test_a_transfer_that_is_not_there_is_not_found(database: Database) -> None:
    with database.read() as tx:
        for look in (transfer_views.row, transfer_views.transfer):
            with pytest.raises(errors.NotFound):
                look(tx, transfer_id=99)
    with pytest.raises(errors.NotFound):
        do(database, "cancel", TransferId(99))
