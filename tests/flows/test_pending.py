"""A call that the partner finishes later is followed to its end: no failure, no circuit, nothing sent twice."""

from __future__ import annotations

import pytest
from tests.builders import JACKET, Retailer, line, order_snapshot

from doorstep.flows import operations
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx
from doorstep.kernel.http.fake_partner import Fault
from doorstep.kernel.ids import OrderId


@pytest.fixture
def shipped(retailer: Retailer) -> OrderId:
    """A shipped order whose shop has taken the confirmation as a submission."""
    retailer.client("shop").finishes_later = True
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    retailer.ship(order_id)
    return order_id


def waiting(tx: ReadTx) -> list[tuple[object, ...]]:
    statement = "SELECT handle, state, pending_since IS NOT NULL FROM deliveries WHERE subscriber = 'channel.confirm_shipment'"
    return [tuple(row.values()) for row in tx.rows(statement)]


def check_now(retailer: Retailer) -> None:
    """The time to ask again has come."""
    retailer.write(lambda tx: tx.execute("UPDATE deliveries SET run_at = now() WHERE handle IS NOT NULL"))
    retailer.settle()


def handle_of(retailer: Retailer) -> str:
    (handle,) = retailer.client("shop").submissions
    return str(handle)


def end_submission(retailer: Retailer) -> None:
    """The shop has gone through its submission: the shipment is stored."""
    shop = retailer.client("shop")
    notice = shop.submissions[handle_of(retailer)]
    shop.shipments[notice.tracking_number] = notice


def test_it_is_asked_until_it_is_done(retailer: Retailer, shipped: OrderId) -> None:
    shop, handle = retailer.client("shop"), handle_of(retailer)
    assert retailer.read(waiting) == [(handle, 0, True)]
    assert "channel.updated" not in retailer.event_types(shipped)
    for _ in range(5):
        check_now(retailer)
    assert (retailer.read(waiting), retailer.dead_letters()) == ([(handle, 0, True)], [])
    end_submission(retailer)
    check_now(retailer)
    assert retailer.read(waiting) == []
    assert retailer.event_types(shipped).count("channel.updated") == 1
    assert retailer.parcels(shipped)[0].channel_ref == retailer.parcels(shipped)[0].tracking_number
    assert shop.calls == ["submit"] + ["check"] * 6


def test_a_partner_that_does_not_answer_the_question_is_asked_again(
    retailer: Retailer, shipped: OrderId
) -> None:
    shop = retailer.client("shop")
    for _ in range(4):  # more than the attempts that a call has
        shop.partner.fail(Fault.TIME_OUT, reads=True)
        check_now(retailer)
        check_now(retailer)
    end_submission(retailer)
    check_now(retailer)
    assert (retailer.read(waiting), retailer.dead_letters()) == ([], [])
    assert shop.calls.count("submit") == 1


def test_a_refusal_is_shown_and_the_call_is_made_anew_by_a_person(
    retailer: Retailer, shipped: OrderId
) -> None:
    shop, handle = retailer.client("shop"), handle_of(retailer)
    shop.refusals[handle] = "the tracking number is unknown"
    check_now(retailer)
    (letter,) = retailer.dead_letters()
    assert letter["error"] == "The partner did not carry out the call: the tracking number is unknown"
    del shop.refusals[handle]
    retailer.write(lambda tx: operations.retry(tx, deliveries=[int(str(letter["id"]))]))
    retailer.settle()
    end_submission(retailer)
    check_now(retailer)
    assert (retailer.read(waiting), retailer.dead_letters()) == ([], [])
    assert shop.calls.count("submit") == 2


def test_a_worker_that_dies_before_it_keeps_the_handle_sends_nothing_twice(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here, and another takes over when its lease is over."""

    def die(*_given: object) -> None:
        monkeypatch.undo()
        retailer.write(
            lambda tx: tx.execute(
                "UPDATE deliveries SET leased_until = now() - interval '1 s' WHERE state = 1"
            )
        )
        raise Killed

    shop = retailer.client("shop")
    shop.finishes_later = True
    monkeypatch.setattr(jobs, "keep_pending", die)
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    retailer.ship(order_id)
    assert retailer.read(waiting) == [(handle_of(retailer), 0, True)]
    assert shop.calls == ["submit", "submit"]  # by the same reference: one submission
    end_submission(retailer)
    check_now(retailer)
    assert (retailer.read(waiting), len(shop.shipments)) == ([], 1)
    assert retailer.event_types(order_id).count("channel.updated") == 1
