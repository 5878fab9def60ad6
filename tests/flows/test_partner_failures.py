"""Partner failures of every kind: nothing is bought, paid, posted or sent twice, and doubts are shown to users."""

from __future__ import annotations

import pytest
from tests.builders import JACKET, NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.model import DocumentState
from doorstep.domain.notifications import views as messages
from doorstep.domain.payments import views as money_views
from doorstep.domain.payments.model import RefundSnapshot, RefundState
from doorstep.domain.returns import views as return_views
from doorstep.domain.returns.model import Disposition, Grade, Inspection, RefundProgress
from doorstep.domain.shipping.model import LabelState, TrackingStatus
from doorstep.flows import operations
from doorstep.flows.payments import refund as refund_flow
from doorstep.flows.returns import receive_returns
from doorstep.flows.shipping import ship
from doorstep.kernel.http.fake_partner import Fault
from doorstep.kernel.ids import OrderId

JACKETS = order_snapshot(line(JACKET))


def fail(retailer: Retailer, key: str, *faults: Fault, reads: bool = False) -> None:
    for fault in faults:
        retailer.client(key).partner.fail(fault, reads=reads)


def packed(retailer: Retailer) -> OrderId:
    """An order whose parcel wants its label."""
    order_id = retailer.place_order(JACKETS)
    retailer.pack(retailer.work(order_id)[0])
    retailer.settle()
    return order_id


def test_a_label_bought_without_an_answer_is_found_not_bought_again(retailer: Retailer) -> None:
    fail(retailer, "shiphawk", Fault.TIME_OUT, Fault.MALFORMED)
    order_id = packed(retailer)
    (parcel,) = retailer.parcels(order_id)
    assert parcel.label_state is LabelState.PURCHASED
    assert [label.tracking_number for label in retailer.client("shiphawk").labels.values()] == [
        parcel.tracking_number
    ]
    assert retailer.event_types(order_id).count("shipment.label_purchased") == 1


def test_a_carriers_refusal_is_shown_and_a_user_can_retry(retailer: Retailer) -> None:
    fail(retailer, "shiphawk", Fault.ERROR)
    order_id = packed(retailer)
    (parcel,) = retailer.parcels(order_id)
    assert (parcel.label_state, parcel.error) == (LabelState.FAILED, "shiphawk rejected the request.")
    assert retailer.event_types(order_id)[-1] == "shipment.label_failed"
    retailer.write(lambda tx: ship.retry_label(tx, shipment_id=parcel.id, now=NOON))
    retailer.settle()
    assert retailer.parcels(order_id)[0].label_state is LabelState.PURCHASED


def test_a_label_is_in_doubt_until_a_user_checks_if_the_carrier_never_answers(retailer: Retailer) -> None:
    fail(retailer, "shiphawk", *[Fault.RATE_LIMIT] * 3)
    order_id = packed(retailer)
    (parcel,) = retailer.parcels(order_id)
    assert (parcel.label_state, parcel.error) == (LabelState.IN_DOUBT, "shiphawk asks to wait.")
    assert retailer.event_types(order_id)[-1] == "shipment.label_in_doubt"
    assert [(letter["error_class"], letter["attempts"]) for letter in retailer.dead_letters()] == [
        ("transient", 3)
    ]
    retailer.write(lambda tx: operations.retry(tx, error_class="transient"))
    retailer.settle()
    assert (retailer.parcels(order_id)[0].label_state, retailer.dead_letters()) == (LabelState.PURCHASED, [])


def mails(retailer: Retailer, order_id: OrderId) -> list[tuple[str, str]]:
    found = retailer.read(lambda tx: messages.of_order(tx, order_id=order_id))
    return [(each.template, each.state.value) for each in found]


@pytest.mark.parametrize("fault", [Fault.TIME_OUT, Fault.MALFORMED])
def test_a_mail_that_may_have_gone_is_in_doubt_and_never_sent_twice(retailer: Retailer, fault: Fault) -> None:
    fail(retailer, "mail", fault)
    order_id = retailer.place_order(JACKETS)
    retailer.settle()
    assert mails(retailer, order_id) == [("order_confirmed", "in_doubt")]
    assert "message.in_doubt" in retailer.event_types(order_id)
    assert (len(retailer.client("mail").messages), retailer.dead_letters()) == (1, [])


def test_a_mail_that_certainly_did_not_go_is_sent_later(retailer: Retailer) -> None:
    fail(retailer, "mail", Fault.RATE_LIMIT)
    assert mails(retailer, retailer.place_order(JACKETS)) == [("order_confirmed", "sent")]


def test_a_mail_that_is_refused_can_be_sent_after_the_fix(retailer: Retailer) -> None:
    fail(retailer, "mail", Fault.ERROR)
    order_id = retailer.place_order(JACKETS)
    assert mails(retailer, order_id) == [("order_confirmed", "failed")]
    retailer.write(lambda tx: operations.retry(tx, error_class="data"))
    retailer.settle()
    assert mails(retailer, order_id) == [("order_confirmed", "sent")]


def test_a_mail_whose_process_died_while_sending_is_in_doubt(retailer: Retailer) -> None:
    fail(retailer, "mail", Fault.RATE_LIMIT, Fault.RATE_LIMIT, Fault.RATE_LIMIT)
    order_id = retailer.place_order(JACKETS)
    retailer.write(lambda tx: tx.execute("UPDATE messages SET state = 'sending'"))
    retailer.write(lambda tx: operations.retry(tx, error_class="transient"))
    retailer.settle()
    assert (mails(retailer, order_id), len(retailer.client("mail").messages)) == (
        [("order_confirmed", "in_doubt")],
        0,
    )


def test_the_channel_is_updated_once_of_shipment_then_delivery(retailer: Retailer) -> None:
    order_id = packed(retailer)
    fail(retailer, "shop", Fault.TIME_OUT, Fault.RATE_LIMIT)
    retailer.scan(retailer.parcels(order_id)[0], TrackingStatus.DELIVERED)
    retailer.write(lambda tx: operations.retry(tx, error_class="transient"))
    retailer.settle()
    (parcel,) = retailer.parcels(order_id)
    assert (
        list(retailer.client("shop").shipments)
        == list(retailer.client("shop").deliveries)
        == [parcel.tracking_number]
    )
    assert retailer.event_types(order_id).count("channel.updated") == 2


def test_the_erp_gets_one_invoice_per_parcel_whatever_it_answers(retailer: Retailer) -> None:
    fail(retailer, "books", Fault.TIME_OUT, Fault.MALFORMED)
    order_id = retailer.place_order()
    retailer.ship(order_id)
    found = retailer.read(lambda tx: documents.of_order(tx, order_id=order_id))
    assert [each.state for each in found] == [DocumentState.ISSUED] * 2
    assert sorted(retailer.client("books").documents) == sorted(each.reference for each in found)


def test_an_invoice_that_is_refused_keeps_the_words(retailer: Retailer) -> None:
    fail(retailer, "books", Fault.ERROR)
    order_id = retailer.place_order(JACKETS)
    retailer.ship(order_id)
    (found,) = retailer.read(lambda tx: documents.of_order(tx, order_id=order_id))
    assert (found.state, found.error) == (DocumentState.FAILED, "books rejected the request.")


# Refunds ----------------------------------------------------------------------------------------------------------


def owed(retailer: Retailer, *faults: Fault) -> OrderId:
    """A return whose refund is asked for while the gateway fails like this."""
    order_id = retailer.delivered(order_snapshot(line(SHIRT, 2)))
    retailer.report_return(order_id)
    (each,) = retailer.read(lambda tx: return_views.of_order(tx, order_id=order_id))
    fail(retailer, "pay", *faults)
    found = [Inspection(1, 1, Grade.NEW, Disposition.RESTOCK)]
    retailer.write(lambda tx: receive_returns.receive(tx, return_id=each.id, now=NOON))
    retailer.write(lambda tx: receive_returns.inspect(tx, return_id=each.id, inspections=found, now=NOON))
    retailer.settle()
    return order_id


def money(retailer: Retailer, order_id: OrderId) -> tuple[RefundState, RefundProgress, int]:
    """The refund, what its return says of it, and how often the gateway paid."""
    (refund,) = retailer.read(lambda tx: money_views.refunds(tx, order_id=order_id))
    (each,) = retailer.read(lambda tx: return_views.of_order(tx, order_id=order_id))
    return refund.state, each.money, len(retailer.client("pay").refunds)


PAID = (RefundState.SUCCEEDED, RefundProgress.REFUNDED, 1)


def test_a_refund_made_without_an_answer_is_found_not_made_again(retailer: Retailer) -> None:
    order_id = owed(retailer, Fault.TIME_OUT, Fault.MALFORMED)
    assert money(retailer, order_id) == PAID
    assert retailer.event_types(order_id).count("refund.credited") == 1


@pytest.mark.parametrize("again", ["retry", "redrive"])
def test_a_refused_refund_is_still_owed_and_can_be_tried_again(retailer: Retailer, again: str) -> None:
    order_id = owed(retailer, Fault.ERROR)
    assert money(retailer, order_id) == (RefundState.FAILED, RefundProgress.PENDING, 0)
    try_again(retailer, order_id, again)
    assert money(retailer, order_id) == PAID


@pytest.mark.parametrize("again", ["retry", "redrive", "observed"])
def test_a_doubtful_refund_is_cleared_by_looking(retailer: Retailer, again: str) -> None:
    order_id = owed(retailer, *[Fault.RATE_LIMIT] * 3)
    assert money(retailer, order_id) == (RefundState.IN_DOUBT, RefundProgress.IN_DOUBT, 0)
    try_again(retailer, order_id, again)
    assert money(retailer, order_id)[:2] == PAID[:2]


def test_a_refund_that_fails_again_and_again_is_a_dead_letter_each_time(retailer: Retailer) -> None:
    order_id = owed(retailer, *[Fault.RATE_LIMIT] * 3)
    for _ in range(2):
        fail(retailer, "pay", *[Fault.RATE_LIMIT] * 3)
        try_again(retailer, order_id, "redrive")
        assert money(retailer, order_id) == (RefundState.IN_DOUBT, RefundProgress.IN_DOUBT, 0)
        assert len(retailer.dead_letters()) == 1


def try_again(retailer: Retailer, order_id: OrderId, how: str) -> None:
    (refund,) = retailer.read(lambda tx: money_views.refunds(tx, order_id=order_id))
    if how == "retry":
        retailer.write(lambda tx: refund_flow.retry(tx, refund_id=refund.id, now=NOON))
    elif how == "redrive":
        retailer.write(
            lambda tx: operations.retry(
                tx, deliveries=[int(str(each["id"])) for each in retailer.dead_letters()]
            )
        )
    else:
        seen = RefundSnapshot(
            "refund-9", "pay-1", refund.reference, RefundState.SUCCEEDED, refund.amount_minor, "INR", NOON
        )
        retailer.receive("pay", "refund", seen, seen)
    retailer.settle()


def test_a_credit_note_waits_for_the_number_of_its_invoice(retailer: Retailer) -> None:
    fail(retailer, "books", Fault.ERROR)
    order_id = owed(retailer)
    kinds = {
        each.kind.value: each.state
        for each in retailer.read(lambda tx: documents.of_order(tx, order_id=order_id))
    }
    assert kinds == {"invoice": DocumentState.FAILED, "credit_note": DocumentState.FAILED}
    retailer.write(lambda tx: operations.retry(tx, error_class="data"))
    retailer.settle()
    retailer.write(lambda tx: operations.retry(tx, error_class="transient"))
    retailer.settle()
    found = retailer.read(lambda tx: documents.of_order(tx, order_id=order_id))
    assert [each.state for each in found] == [DocumentState.ISSUED] * 2
    notes = [each for each in retailer.client("books").documents.values() if each.kind.value == "credit_note"]
    assert [each.against_number for each in notes] == [found[0].number]
