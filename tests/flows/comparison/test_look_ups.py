"""What a carrier, an ERP, a gateway and a shop have is looked up, and compared with the calls that were kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import clock
from tests.builders import SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_shadow import switch_to
from tests.flows.comparison.test_shipments import compared
from tests.flows.returns.test_receive_returns import inspect, receive, returns
from tests.flows.stock.test_publish import change, find

from doorstep.domain.connections.actions import comparisons as actions
from doorstep.domain.connections.model import Mode
from doorstep.domain.connections.model.comparison import Fact, Operation, Result
from doorstep.domain.connections.views import comparisons
from doorstep.domain.connections.views.comparisons import Comparison
from doorstep.flows import operations
from doorstep.kernel import errors
from doorstep.kernel.http.fake_partner import Fault


def later_on(retailer: Retailer, key: str, *, hours: int = 1) -> list[Comparison]:
    """What is known some hours later; workers have compared before."""
    with clock.at(clock.CLOCK.now() + timedelta(hours=hours)):
        return compared(retailer, key)


def test_a_message_to_a_customer_is_never_compared(retailer: Retailer) -> None:
    switch_to(retailer, "mail", Mode.SHADOW)
    order_id = retailer.place_order()
    (found,) = compared(retailer, "mail")
    assert (found.operation, found.result, found.order_id) == (Operation.SEND_MESSAGE, Result.OPEN, order_id)
    assert str(found.reason) == "The partner does not say what other systems did."
    assert retailer.read(lambda tx: comparisons.due(tx, now=clock.CLOCK.now(), limit=9)) == []


def test_a_document_is_found_in_the_erp_by_its_reference(retailer: Retailer) -> None:
    switch_to(retailer, "books", Mode.SHADOW)
    retailer.ship(retailer.place_order(order_snapshot(line(SHIRT, 1))))
    (found,) = compared(retailer, "books")
    assert (found.operation, found.result) == (Operation.POST_DOCUMENT, Result.ONLY_OURS)
    assert found.ours[Fact.AMOUNT] == "INR 799.00"
    retailer.client("books")._numbers[found.reference] = "INV-77"
    (again,) = later_on(retailer, "books")
    assert (again.result, again.theirs) == (Result.SAME, {Fact.DOCUMENT: "INV-77"})


@pytest.mark.parametrize(
    ("refunded", "result", "amount"),
    [
        (79_900, Result.SAME, "INR 799.00"),
        (50_000, Result.DIFFERENT, "INR 500.00"),
        (0, Result.ONLY_OURS, ""),
        (None, Result.OPEN, ""),
    ],
)
def test_a_refund_is_compared_with_what_the_gateway_has_refunded(
    retailer: Retailer, refunded: int | None, result: Result, amount: str
) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 1)))
    (payment,) = retailer.client("pay").payments.values()
    switch_to(retailer, "pay", Mode.SHADOW)
    retailer.report_return(order_id)
    (each,) = returns(retailer, order_id)
    receive(retailer, each.id, "ST-22")
    inspect(retailer, each)
    retailer.client("pay").payments[payment.external_id] = replace(payment, refunded_minor=refunded)
    (found,) = later_on(retailer, "pay")
    assert (found.operation, found.ours) == (Operation.REFUND, {Fact.AMOUNT: "INR 799.00"})
    assert (found.result, found.theirs.get(Fact.AMOUNT, "")) == (result, amount)


def test_a_label_that_the_carrier_has_under_our_reference(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 1)))
    (work,) = retailer.work(order_id)
    location = next(code for code, each in retailer.location_ids.items() if each == work.location_id)
    key = "shiphawk" if location.startswith("WH") else "store-parcels"
    switch_to(retailer, key, Mode.SHADOW)
    retailer.pack(work)
    retailer.settle()
    (found,) = compared(retailer, key)
    assert (found.operation, found.result) == (Operation.BUY_LABEL, Result.OPEN)
    assert found.ours[Fact.UNITS] == f"{SHIRT} × 1"


def test_a_look_up_that_fails_is_repeated(retailer: Retailer) -> None:
    switch_to(retailer, "books", Mode.SHADOW)
    retailer.ship(retailer.place_order(order_snapshot(line(SHIRT, 1))))
    retailer.client("books").partner.fail(Fault.ERROR, reads=True)
    (found,) = later_on(retailer, "books")
    assert found.result is Result.OPEN
    assert str(found.reason).startswith("It could not be looked up: ")
    (again,) = later_on(retailer, "books", hours=2)
    assert again.result is Result.ONLY_OURS


def test_stock_levels_are_read_from_the_channel_in_one_call(retailer: Retailer) -> None:
    find(retailer)
    switch_to(retailer, "shop", Mode.SHADOW)
    change(retailer, SHIRT, 9, "first")
    find(retailer)
    shop = retailer.client("shop")
    shop.stock = {SHIRT: 7}
    (found,) = compared(retailer, "shop")
    assert (found.operation, found.reference, found.result) == (
        Operation.PUBLISH_STOCK,
        SHIRT,
        Result.DIFFERENT,
    )
    assert (found.ours[Fact.LEVEL], found.theirs[Fact.LEVEL]) == ("9", "7")
    shop.stock = {}
    (again,) = later_on(retailer, "shop")
    assert again.result is Result.ONLY_OURS


def test_an_approved_return_is_compared_with_what_the_shop_says(retailer: Retailer) -> None:
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 1)))
    switch_to(retailer, "shop", Mode.SHADOW)
    retailer.report_return(order_id)
    (found,) = [each for each in compared(retailer, "shop") if each.operation is Operation.APPROVE_RETURN]
    assert (found.result, found.ours[Fact.STATE], found.theirs[Fact.STATE]) == (
        Result.SAME,
        "approved",
        "approved",
    )


def test_calls_that_are_sent_keep_their_comparison(retailer: Retailer) -> None:
    switch_to(retailer, "mail", Mode.SHADOW)
    retailer.place_order()
    (found,) = compared(retailer, "mail")
    switch_to(retailer, "mail", Mode.LIVE)
    assert retailer.write(lambda tx: operations.send_shadowed(tx, key="mail")) == 1
    (sent,) = compared(retailer, "mail")
    assert (sent.id, sent.ended) == (found.id, "sent")
    retailer.write(lambda tx: actions.end(tx, delivery_ids=[found.delivery_id or 0], ended="discarded"))
    assert compared(retailer, "mail")[0].ended == "sent"


def test_going_live_sends_what_only_we_have_and_discards_what_others_did(retailer: Retailer) -> None:
    switch_to(retailer, "books", Mode.SHADOW)
    for _order in range(3):
        retailer.ship(retailer.place_order(order_snapshot(line(SHIRT, 1))))
    first, second, third = later_on(retailer, "books")
    books = retailer.client("books")
    books._numbers[third.reference] = "INV-77"
    books.partner.fail(Fault.ERROR, reads=True)
    with pytest.raises(errors.Refused, match="books is not live"):
        retailer.write(lambda tx: operations.catch_up(tx, key="books"))
    results = [each.result for each in later_on(retailer, "books", hours=2)]
    assert sorted(results) == [Result.ONLY_OURS, Result.OPEN, Result.SAME]
    switch_to(retailer, "books", Mode.LIVE)
    assert retailer.write(lambda tx: operations.catch_up(tx, key="books")) == operations.CaughtUp(1, 1, 1)
    retailer.settle()
    assert len(retailer.client("books").documents) == 1
    ended = [each.ended for each in compared(retailer, "books")]
    assert sorted(ended) == ["", "discarded", "sent"]
    assert {first.operation, second.operation} == {Operation.POST_DOCUMENT}


def test_a_run_makes_no_more_than_twenty_look_ups_of_a_connection(retailer: Retailer) -> None:
    switch_to(retailer, "books", Mode.SHADOW)
    retailer.ship(retailer.place_order(order_snapshot(line(SHIRT, 1))))
    (first,) = later_on(retailer, "books")
    more = [replace(first.deed, reference=f"DSINV-{number}") for number in range(24)]
    retailer.write(lambda tx: actions.add(tx, deeds=more, at=clock.CLOCK.now()))
    after_one = [each.result for each in compared(retailer, "books")]
    assert (after_one.count(Result.ONLY_OURS), after_one.count(Result.OPEN)) == (21, 4)
    assert {each.result for each in compared(retailer, "books")} == {Result.ONLY_OURS}
