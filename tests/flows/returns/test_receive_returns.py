"""Returns: once per snapshot, at any location, with a condition, and refunds add up to what was paid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders import JACKET, NOON, SHIRT, SNEAKER, Retailer, later, line, order_snapshot

from doorstep.domain.invoicing.model import Document
from doorstep.domain.payments import views as money_views
from doorstep.domain.payments.views import Refund
from doorstep.domain.returns import views
from doorstep.domain.returns.model import (
    Disposition,
    Grade,
    Inspection,
    RefundProgress,
    ReturnLocation,
    SnapshotReturnLine,
)
from doorstep.domain.returns.views import Return
from doorstep.domain.shipping.model import Direction, Packed, TrackingStatus
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.flows.payments import owed
from doorstep.flows.returns import receive_returns
from doorstep.kernel import errors
from doorstep.kernel.ids import OrderId, ReturnId

THREE = order_snapshot(line(SHIRT, 3, 33_334, discount_minor=2), external_id="three")  # ₹1,000.00 for three


def returns(retailer: Retailer, order_id: OrderId) -> list[Return]:
    return retailer.read(lambda tx: views.of_order(tx, order_id=order_id))


def refunds(retailer: Retailer, order_id: OrderId) -> list[Refund]:
    return retailer.read(lambda tx: money_views.refunds(tx, order_id=order_id))


def receive(retailer: Retailer, return_id: ReturnId, location: str | None = None) -> None:
    where = retailer.location_ids[location] if location else None
    retailer.write(lambda tx: receive_returns.receive(tx, return_id=return_id, location_id=where, now=NOON))


def inspect(retailer: Retailer, each: Return, quantity: int | None = None, **found: object) -> None:
    """What is said of every line, by default: all there, as new, back in stock."""
    reported = Inspection(each.lines[0].return_line_no, 0, Grade.NEW, Disposition.RESTOCK)
    reported = replace(reported, quantity=each.lines[0].quantity if quantity is None else quantity, **found)  # type: ignore[arg-type]  # fields by name
    retailer.write(
        lambda tx: receive_returns.inspect(
            tx, return_id=each.id, inspections=[reported], now=retailer.app.clock.now()
        )
    )
    retailer.settle()


def test_a_returned_shirt_is_refunded_once(retailer: Retailer) -> None:
    order_id = retailer.delivered()
    seen = retailer.report_return(order_id)
    retailer.receive("shop", "return", seen, replace(seen, version_at=NOON), seen)
    retailer.settle()
    (each,) = returns(retailer, order_id)
    pickup = next(parcel for parcel in retailer.parcels(order_id) if parcel.direction is Direction.INBOUND)
    retailer.scan(pickup, TrackingStatus.PICKED_UP)
    retailer.scan(pickup, TrackingStatus.DELIVERED, hours=20)
    receive(retailer, each.id)
    inspect(retailer, each)
    (refund,) = refunds(retailer, order_id)
    assert refund.amount_minor == 79_900
    assert list(retailer.client("pay").refunds) == [refund.reference]
    assert retailer.client("shop").returns[seen.external_id].refund_minor == 79_900
    assert retailer.count(SHIRT, "ST-22") == (2, 0)
    (after,) = returns(retailer, order_id)
    assert (after.custody, after.money) == (ReturnLocation.INSPECTED, RefundProgress.REFUNDED)
    assert [fact for fact in retailer.event_types(order_id) if fact.startswith("return.")] == [
        "return.created", "return.in_transit", "return.arrived", "return.received", "return.inspected", "return.refunded",
    ]  # fmt: skip
    assert retailer.dead_letters() == []


def test_a_return_that_precedes_its_order_waits_for_it(retailer: Retailer) -> None:
    reported = order_snapshot(line(JACKET))
    order_id = retailer.place_order(reported)
    retailer.write(lambda tx: tx.execute("UPDATE orders SET external_id = 'not yet'"))
    retailer.report_return(order_id, JACKET, order_external_id=reported.external_id)
    (letter,) = retailer.dead_letters()
    assert (letter["error_class"], letter["error"]) == (
        "transient",
        f"We have no order {reported.external_id} of this channel.",
    )


def test_the_inspection_decides_the_condition(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SNEAKER, 6)))
    finds = (
        (Grade.NEW, Disposition.RESTOCK),
        (Grade.B_GRADE, Disposition.RESTOCK),
        (Grade.DAMAGED, Disposition.RESTOCK),
        (Grade.WRONG_ITEM, Disposition.RESTOCK),
        (Grade.NEW, Disposition.QUARANTINE),
        (Grade.DAMAGED, Disposition.SCRAP),
    )
    for _ in finds:
        retailer.report_return(order_id, SNEAKER)
    for each, (grade, disposition) in zip(returns(retailer, order_id), finds, strict=True):
        receive(retailer, each.id, "ST-16")
        inspect(retailer, each, grade=grade, disposition=disposition)
    conditions = ("new", "b_grade", "damaged", "quarantine")
    assert [retailer.count(SNEAKER, "ST-16", each)[0] for each in conditions] == [1, 1, 1, 2]
    assert retailer.count(SNEAKER, "WH-B") == (24, 0)


@pytest.mark.parametrize("turns", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_partial_returns_add_up_to_what_was_paid_in_whatever_order_they_are_inspected(
    retailer: Retailer, turns: tuple[int, ...]
) -> None:
    order_id = retailer.delivered(THREE)
    for _ in turns:
        retailer.report_return(order_id)
    opened = returns(retailer, order_id)
    for each in opened:
        receive(retailer, each.id)
    for turn in turns:
        inspect(retailer, opened[turn])
    assert [each.amount_minor for each in refunds(retailer, order_id)] == [33_333, 33_333, 33_334]
    notes = [each for each in retailer.client("books").documents.values() if each.kind.value == "credit_note"]
    assert [each.total_minor for each in notes] == [33_333, 33_333, 33_334]


def test_two_lines_of_a_return_may_name_one_line_of_the_order(retailer: Retailer) -> None:
    order_id = retailer.delivered(THREE)
    order_line = retailer.order(order_id).line(1).external_line_id
    reasons = (("too_small", 1), ("defective", 2))
    lines = tuple(SnapshotReturnLine(order_line, f"r-{why}", units, why) for why, units in reasons)
    retailer.report_return(order_id, lines=lines)
    (each,) = returns(retailer, order_id)
    assert [(line.return_line_no, line.line_no, line.quantity) for line in each.lines] == [
        (1, 1, 1),
        (2, 1, 2),
    ]
    assert retailer.order(order_id).line(1).return_requested == 3
    receive(retailer, each.id)
    found = [
        Inspection(1, 1, Grade.NEW, Disposition.RESTOCK),
        Inspection(2, 2, Grade.DAMAGED, Disposition.RESTOCK),
    ]
    amounts = retailer.read(lambda tx: owed.preview(tx, each=each, inspections=found))
    assert [amounts[event_int].minor for event_int in (1, 2)] == [33_333, 66_667]
    retailer.write(lambda tx: receive_returns.inspect(tx, return_id=each.id, inspections=found, now=NOON))
    retailer.settle()
    assert [each.amount_minor for each in refunds(retailer, order_id)] == [100_000]
    assert (retailer.order(order_id).line(1).returned, retailer.count(SHIRT, "ST-22", "damaged")) == (
        3,
        (2, 0),
    )
    (note,) = [
        each for each in retailer.client("books").documents.values() if each.kind.value == "credit_note"
    ]
    assert [(line.quantity, line.total_minor) for line in note.lines] == [(3, 100_000)]
    assert retailer.dead_letters() == []


def test_unreceived_units_are_not_refunded(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 3, 10_000)))
    retailer.report_return(order_id, quantity=3)
    (each,) = returns(retailer, order_id)
    receive(retailer, each.id)
    inspect(retailer, each, quantity=2)
    assert [refund.amount_minor for refund in refunds(retailer, order_id)] == [20_000]
    assert retailer.order(order_id).line(1).returned == 2


def test_a_return_that_is_owed_nothing_is_denied(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 1)))
    retailer.report_return(order_id)
    (each,) = returns(retailer, order_id)
    receive(retailer, each.id)
    inspect(retailer, each, refund=False)
    assert (refunds(retailer, order_id), returns(retailer, order_id)[0].money) == ([], RefundProgress.DENIED)


def test_what_cost_nothing_is_settled_at_once(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 1, 0), line(JACKET, 1, 100)))
    seen = retailer.report_return(order_id)
    (each,) = returns(retailer, order_id)
    receive(retailer, each.id)
    inspect(retailer, each)
    assert (refunds(retailer, order_id), returns(retailer, order_id)[0].money) == (
        [],
        RefundProgress.REFUNDED,
    )
    assert retailer.client("shop").returns[seen.external_id].refund_minor == 0
    assert retailer.dead_letters() == []


def test_every_line_must_be_inspected_and_no_more_than_was_advised(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 1)))
    retailer.report_return(order_id)
    (each,) = returns(retailer, order_id)
    with pytest.raises(errors.Conflict):
        inspect(retailer, each)
    receive(retailer, each.id)
    with pytest.raises(errors.Invalid, match="for every line"):
        retailer.write(lambda tx: receive_returns.inspect(tx, return_id=each.id, inspections=[], now=NOON))
    with pytest.raises(errors.Invalid, match="between 0 and 1 units"):
        inspect(retailer, each, quantity=2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([], "A return needs at least one line of the order."),
        ([("line-NO-SUCH", 1)], "has no line line-NO-SUCH."),
        ([(f"line-{SHIRT}", 0)], "Enter a quantity of at least 1 for every line."),
        (
            [(f"line-{SHIRT}", 1), (f"line-{SHIRT}", 1)],
            f"The return has 2 of {SHIRT}, and 1 can still be returned: 1 ordered, 0 canceled, 0 in other returns.",
        ),
    ],
)
def test_a_return_of_what_was_not_sold_is_shown_to_people(
    retailer: Retailer, wrong: list[tuple[str, int]], words: str
) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 1)))
    lines = tuple(SnapshotReturnLine(line_id, "back-1", quantity, "size") for line_id, quantity in wrong)
    retailer.report_return(order_id, lines=lines)
    (letter,) = retailer.dead_letters()
    assert (letter["error_class"], str(letter["error"]).endswith(words)) == ("data", True)
    assert returns(retailer, order_id) == []


def test_an_order_whose_channel_changes_it_after_a_return_keeps_its_lines(retailer: Retailer) -> None:
    order_id = retailer.delivered(THREE)
    retailer.report_return(order_id)
    retailer.receive("shop", "order", later(THREE, 60, lines=(line(SHIRT, 2, 33_334),)))
    retailer.settle()
    assert [each.quantity for each in retailer.order(order_id).lines] == [3]


@pytest.fixture
def in_two_parcels(retailer: Retailer) -> OrderId:
    """Three shirts for ₹1,000.00: one in the first parcel, two in the second, delivered and invoiced apart."""
    order_id = retailer.place_order(THREE)
    (work,) = retailer.work(order_id)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
    retailer.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=NOON))
    parcels, context = [Packed({1: 1}), Packed({1: 2})], retailer.app.context
    retailer.write(
        lambda tx: packing.pack_parcels(context, tx, fulfillment_order_id=work.id, parcels=parcels, now=NOON)
    )
    retailer.settle()
    retailer.write(lambda tx: packing.ship(tx, fulfillment_order_id=work.id, now=NOON))
    for shipment in retailer.parcels(order_id):
        retailer.scan(shipment, TrackingStatus.DELIVERED, hours=24)
    return order_id


def documents_of(retailer: Retailer, kind: str) -> dict[str, Document]:
    """Documents in the ERP: invoices by reference, credit notes by the reference that they correct."""
    found = [each for each in retailer.client("books").documents.values() if each.kind.value == kind]
    return {each.against_reference or each.reference: each for each in found}


def test_what_came_in_two_parcels_is_credited_against_both_invoices(
    retailer: Retailer, in_two_parcels: OrderId
) -> None:
    retailer.report_return(in_two_parcels, quantity=3)
    (each,) = returns(retailer, in_two_parcels)
    receive(retailer, each.id)
    inspect(retailer, each)
    assert [refund.amount_minor for refund in refunds(retailer, in_two_parcels)] == [100_000]
    invoices, notes = documents_of(retailer, "invoice"), documents_of(retailer, "credit_note")
    assert {reference: note.total_minor for reference, note in notes.items()} == {
        reference: invoice.total_minor for reference, invoice in invoices.items()
    }
    assert (len(notes), retailer.dead_letters()) == (2, [])


def test_two_returns_of_what_came_in_two_parcels_credit_each_invoice_once(
    retailer: Retailer, in_two_parcels: OrderId
) -> None:
    for quantity in (2, 1):
        retailer.report_return(in_two_parcels, quantity=quantity)
        each = returns(retailer, in_two_parcels)[-1]
        receive(retailer, each.id)
        inspect(retailer, each)
    notes = [each for each in retailer.client("books").documents.values() if each.kind.value == "credit_note"]
    assert sorted(note.total_minor for note in notes) == [33_333, 33_333, 33_334]
    assert sum(refund.amount_minor for refund in refunds(retailer, in_two_parcels)) == 100_000
    invoiced = documents_of(retailer, "invoice")
    for reference, invoice in invoiced.items():
        credited = [note.total_minor for note in notes if note.against_reference == reference]
        assert sum(credited) == invoice.total_minor
    assert retailer.dead_letters() == []
