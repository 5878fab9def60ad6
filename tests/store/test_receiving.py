"""Receiving: over, under, wrong items, closed short; and changes of condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT
from tests.clock import day

from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.actions import (
    NewReservation,
    condition_changes,
    receiving,
    supplies,
    transfers,
)
from doorstep.domain.inventory.actions.receiving import Received
from doorstep.domain.inventory.model import Condition, InsufficientStock, UnknownPosition
from doorstep.domain.inventory.model.reasons import AdjustReason, StockConditionChange, wording
from doorstep.domain.inventory.model.receiving import Delivery
from doorstep.domain.inventory.model.supplies import Announcement, SupplyKind
from doorstep.domain.inventory.model.transfers import Plan, RequestedLine, TransferReceiptLine
from doorstep.domain.inventory.views import receiving as receipt_views
from doorstep.domain.inventory.views import supplies as supply_views
from doorstep.domain.inventory.views.receiving import ReceiptFilter
from doorstep.kernel import errors
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId, OrderId, Sku, TransferId

A, B = LocationId(1), LocationId(2)
NEW, B_GRADE, QUARANTINE, DAMAGED = Condition.NEW, Condition.B_GRADE, Condition.QUARANTINE, Condition.DAMAGED


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """Ten shirts and two jackets in A, none in B; at the end the ledger must agree with its counters."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10, JACKET: 2}, B={SHIRT: 0})
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def on_hand(database: Database, sku: str = SHIRT, location: LocationId = A) -> dict[str, int]:
    """Units by condition, where there are any."""
    with database.read() as tx:
        found = views.positions(tx, sku=sku, location_id=location)
    return {each.condition.value: each.on_hand for each in found if each.on_hand}


def receive(database: Database, delivery: Delivery) -> Received:
    with database.write(actor="user:3") as tx:
        return receiving.receive(tx, delivery=delivery, at=NOON)


def lines(received: Received) -> list[tuple[str, str, int, int, str]]:
    return [
        (each.sku, each.condition.value, each.expected, each.received, each.reason) for each in received.lines
    ]


def in_transit(database: Database, quantity: int = 4) -> TransferId:
    with database.write(actor="user:1") as tx:
        (key,) = transfers.draft(tx, plans=[Plan(A, B, [RequestedLine(SHIRT, quantity)])], at=NOON)
        transfers.request(tx, command=transfers.Command(key, NOON))
        transfers.ship(tx, command=transfers.Command(key, NOON))
    return key


def test_goods_without_a_document_are_received(database: Database) -> None:
    reported = Delivery(
        A,
        [
            TransferReceiptLine(SHIRT, 3),
            TransferReceiptLine(SHIRT, 1, DAMAGED, "torn"),
            TransferReceiptLine(JACKET, 1),
        ],
        note="gift",
    )
    received = receive(database, reported)
    assert lines(received) == [
        (SHIRT, "new", 0, 3, ""),
        (SHIRT, "damaged", 0, 1, "torn"),
        (JACKET, "new", 0, 1, ""),
    ]
    assert on_hand(database) == {"new": 13, "damaged": 1}
    with database.read() as tx:
        (fact,) = builders.stock_events(tx, A)
        (row,) = receipt_views.rows(tx, wanted=ReceiptFilter(location_id=A))
    assert (fact.type, fact.data["units"], fact.data["skus"]) == ("stock.received", 5, [JACKET, SHIRT])
    assert (row.kind.value, row.skus, row.units, row.off, row.note) == ("none", 3, 5, 3, "gift")


def test_a_delivery_with_a_key_is_received_once(database: Database) -> None:
    reported = Delivery(A, [TransferReceiptLine(SHIRT, 3)], key="box 7")
    first, again = receive(database, reported), receive(database, reported)
    assert (first.is_replay, again.is_replay, again.receipt_id) == (False, True, first.receipt_id)
    assert (lines(again), on_hand(database)) == (lines(first), {"new": 13})


def test_a_transfer_is_received_with_a_goods_receipt(database: Database) -> None:
    transfer_id = in_transit(database)
    received = receive(database, Delivery(B, [TransferReceiptLine(SHIRT, 4)], transfer_id=transfer_id))
    assert (lines(received), on_hand(database, location=B)) == ([(SHIRT, "new", 4, 4, "")], {"new": 4})
    with database.read() as tx:
        row = receipt_views.row(tx, receipt_id=received.receipt_id)
        assert receipt_views.lines(tx, receipt_id=row.id)[0].variance == 0
    assert (row.kind.value, row.transfer_id, row.off) == ("transfer", transfer_id, 0)


def test_a_wrong_item_waits_in_quarantine_and_what_is_lost_is_closed_short(database: Database) -> None:
    transfer_id = in_transit(database)
    reported = Delivery(
        B,
        [
            TransferReceiptLine(SHIRT, 3),
            TransferReceiptLine(JACKET, 1),
            TransferReceiptLine(JACKET, 1, DAMAGED),
        ],
        transfer_id=transfer_id,
        closes=True,
        note="one short",
    )
    received = receive(database, reported)
    wrong = f"Not on transfer {transfer_id}"
    assert lines(received) == [(SHIRT, "new", 4, 3, ""), (JACKET, "quarantine", 0, 2, wrong)]
    assert [on_hand(database, location=B), on_hand(database, JACKET, B)] == [{"new": 3}, {"quarantine": 2}]


def test_a_transfer_that_never_arrived_is_closed_short(database: Database) -> None:
    reported = Delivery(B, [], transfer_id=in_transit(database), closes=True, note="lost by the carrier")
    assert lines(receive(database, reported)) == [(SHIRT, "new", 4, 0, "Closed short")]
    assert on_hand(database, location=B) == {}


def test_a_transfer_arrives_where_it_was_sent(database: Database) -> None:
    reported = Delivery(A, [TransferReceiptLine(SHIRT, 4)], transfer_id=in_transit(database))
    with pytest.raises(errors.Refused, match="another location"):
        receive(database, reported)
    with pytest.raises(errors.NotFound):
        receive(database, replace(reported, transfer_id=TransferId(99)))


def announce(database: Database, *units: tuple[Sku, int]) -> None:
    """A purchase order of so many lines."""
    reported = [
        Announcement(SupplyKind.PURCHASE_ORDER, "PO-1", number, sku, A, quantity, day(11))
        for number, (sku, quantity) in enumerate(units, start=1)
    ]
    with database.write(actor="user:1") as tx:
        supplies.put(tx, reported=reported, at=NOON)


def supplied(database: Database) -> list[tuple[int, str]]:
    """What came of each line of the purchase order, and whether more is expected."""
    with database.read() as tx:
        rows = supply_views.of_document(tx, kind="purchase_order", number="PO-1")
    return [(row.received, row.state) for row in sorted(rows, key=lambda each: each.line_no)]


def incoming(database: Database, sku: str = SHIRT, location: LocationId = A) -> int:
    with database.read() as tx:
        found = views.positions(tx, sku=sku, location_id=location)
    return sum(each.incoming for each in found)


def from_order(*lines: TransferReceiptLine, **given: object) -> Delivery:
    reported = Delivery(A, lines, SupplyKind.PURCHASE_ORDER, "PO-1")
    return replace(reported, **given)  # type: ignore[arg-type]  # a test says which


def test_a_purchase_order_is_received_in_parts_and_closes_automatically(database: Database) -> None:
    announce(database, (SHIRT, 6), (SHIRT, 4), (JACKET, 2))
    assert (incoming(database), incoming(database, JACKET)) == (10, 2)
    first = receive(database, from_order(TransferReceiptLine(SHIRT, 7)))
    assert lines(first) == [(SHIRT, "new", 10, 7, "")]
    assert supplied(database) == [(6, "closed"), (1, "open"), (0, "open")]
    assert (on_hand(database), incoming(database)) == ({"new": 17}, 3)


def test_over_delivery_is_received(database: Database) -> None:
    announce(database, (SHIRT, 6), (SHIRT, 4))
    received = receive(database, from_order(TransferReceiptLine(SHIRT, 12)))
    assert (lines(received), supplied(database)) == (
        [(SHIRT, "new", 10, 12, "")],
        [(6, "closed"), (6, "closed")],
    )
    assert (on_hand(database), incoming(database)) == ({"new": 22}, 0)


def test_what_cannot_be_sold_stays_open_on_its_document_until_that_is_closed(database: Database) -> None:
    announce(database, (SHIRT, 6), (JACKET, 2))
    reported = from_order(TransferReceiptLine(SHIRT, 4), TransferReceiptLine(SHIRT, 2, DAMAGED, "wet"))
    assert lines(receive(database, reported)) == [(SHIRT, "new", 6, 4, ""), (SHIRT, "damaged", 0, 2, "wet")]
    assert (supplied(database), incoming(database)) == ([(4, "open"), (0, "open")], 2)
    closing = receive(database, from_order(closes=True))
    assert lines(closing) == [(SHIRT, "new", 2, 0, "Closed short"), (JACKET, "new", 2, 0, "Closed short")]
    assert (supplied(database), incoming(database)) == ([(4, "closed"), (0, "closed")], 0)


def test_unordered_units_go_to_quarantine(database: Database) -> None:
    announce(database, (SHIRT, 1))
    received = receive(database, from_order(TransferReceiptLine(SHIRT, 1), TransferReceiptLine(JACKET, 3)))
    assert lines(received) == [(SHIRT, "new", 1, 1, ""), (JACKET, "quarantine", 0, 3, "Not on PO-1")]
    assert on_hand(database, JACKET) == {"new": 2, "quarantine": 3}
    with pytest.raises(errors.NotFound, match="no purchase order PO-9"):
        receive(database, from_order(TransferReceiptLine(SHIRT, 1), reference="PO-9"))


@pytest.mark.parametrize(
    "reported",
    [
        Delivery(A, []),
        Delivery(A, [TransferReceiptLine(SHIRT, 1)], closes=True),
        Delivery(A, [TransferReceiptLine(SHIRT, 0)]),
    ],
)
def test_an_empty_delivery_is_refused(database: Database, reported: Delivery) -> None:
    with pytest.raises(errors.Invalid):
        receive(database, reported)


def test_an_unknown_sku_cannot_be_received(database: Database) -> None:
    with pytest.raises(UnknownPosition):
        receive(database, Delivery(A, [TransferReceiptLine(Sku("NO-SUCH"), 1)]))
    with database.read() as tx, pytest.raises(errors.NotFound):
        receipt_views.row(tx, receipt_id=99)


def change_condition(
    database: Database, *changes: StockConditionChange, reason: str = "inspected", key: str | None = None
) -> bool:
    with database.write(actor="user:3") as tx:
        return condition_changes.change_condition(tx, changes=changes, reason=reason, at=NOON, key=key)


def test_units_change_their_condition_and_the_total_stays(database: Database) -> None:
    changes = [
        StockConditionChange(SHIRT, A, NEW, B_GRADE, 2),
        StockConditionChange(SHIRT, A, NEW, DAMAGED, 1),
    ]
    assert [change_condition(database, *changes, key="k"), change_condition(database, *changes, key="k")] == [
        True,
        False,
    ]
    assert on_hand(database) == {"new": 7, "b_grade": 2, "damaged": 1}
    change_condition(database, StockConditionChange(SHIRT, A, DAMAGED, NEW, 1))
    assert on_hand(database) == {"new": 8, "b_grade": 2}
    with database.read() as tx:
        reported = [each.data["skus"] for each in builders.stock_events(tx, A)]
        ledger = [(row.type, row.reason) for row in views.movements(tx, sku=SHIRT, location_id=A)][:-1]
    assert (reported, ledger) == ([[SHIRT], [SHIRT]], [("regraded", "inspected")] * 6)


def test_reserved_units_keep_their_condition(database: Database) -> None:
    with database.write(actor="system") as tx:
        reservation = NewReservation("fulfillment/1/line/1", SHIRT, A, 9, order_id=OrderId(1))
        actions.reserve(tx, reservations=[reservation], at=NOON)
    with pytest.raises(InsufficientStock):
        change_condition(
            database,
            StockConditionChange(SHIRT, A, NEW, DAMAGED, 1),
            StockConditionChange(SHIRT, A, NEW, QUARANTINE, 1),
        )
    assert on_hand(database) == {"new": 10}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([], "inspected"),
        ([StockConditionChange(SHIRT, A, NEW, B_GRADE, 1)], " "),
        ([StockConditionChange(SHIRT, A, NEW, B_GRADE, 0)], "inspected"),
        ([StockConditionChange(SHIRT, A, NEW, NEW, 1)], "inspected"),
        ([StockConditionChange(SHIRT, A, Condition.IN_TRANSIT, NEW, 1)], "inspected"),
    ],
)
def test_a_change_of_condition_that_is_none_is_refused(
    database: Database, changes: list[StockConditionChange], reason: str
) -> None:
    with pytest.raises(errors.Invalid):
        change_condition(database, *changes, reason=reason)


def test_a_reason_is_kept_with_its_note() -> None:
    assert wording(AdjustReason.LOST, " behind a rack ") == "Lost: behind a rack"
    assert wording(AdjustReason.WITHOUT_DOCUMENT, "") == "Received without a document"
