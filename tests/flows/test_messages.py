"""Messages to customers: prepared and handed over by the batch, each at most once, whatever dies in the middle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.builders import DELHI, JACKET, Retailer, line, order_snapshot

from doorstep.delivery.worker import batches
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.model import Mode
from doorstep.domain.notifications.model import OutgoingMessage
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.flows.notify import customer_messages, hand_over
from doorstep.kernel import jobs
from doorstep.kernel.http.fake_partner import Fault


class Killed(BaseException):
    """The process ended here, as by kill -9."""


def placed(retailer: Retailer, number: int) -> list[OrderSnapshot]:
    """So many orders, stored by a worker that sends nothing."""
    reported = [order_snapshot(line(JACKET, 1, 1_000)) for _ in range(number)]
    retailer.receive("shop", "order", *reported)
    return reported


def states(retailer: Retailer) -> Counter[str]:
    return Counter(retailer.read(lambda tx: tx.column(str, "SELECT state FROM messages")))


def waiting(retailer: Retailer) -> int:
    statement = "SELECT count(*) FROM deliveries WHERE subscriber LIKE 'email.%'"
    return retailer.read(lambda tx: tx.value(int, statement))


def sent(retailer: Retailer) -> Sequence[OutgoingMessage]:
    return list(retailer.client("mail").messages.values())


def test_a_batch_is_sent_once_each(retailer: Retailer) -> None:
    placed(retailer, 60)
    retailer.settle()
    assert (states(retailer), len(sent(retailer)), waiting(retailer)) == ({"sent": 60}, 60, 0)
    assert len({each.to for each in sent(retailer)}) == 1


@pytest.mark.parametrize(("fault", "state"), [(Fault.TIME_OUT, "in_doubt"), (Fault.ERROR, "failed")])
def test_what_happens_to_one_message_does_not_concern_the_others(
    retailer: Retailer, fault: Fault, state: str
) -> None:
    retailer.client("mail").partner.fail(fault)
    placed(retailer, 30)
    retailer.settle()
    assert states(retailer) == {"sent": 29, state: 1}


def test_a_sender_that_dies_leaves_a_few_in_doubt_and_sends_none_twice(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over, "_AT_ONCE", 4)
    client = retailer.client("mail")
    send, calls = client.send, Counter[int]()

    def dies_at_the_seventh(message: OutgoingMessage) -> str:
        calls[message.message_id] += 1
        if calls.total() == 7:
            send(message)
            raise Killed
        return str(send(message))

    monkeypatch.setattr(client, "send", dies_at_the_seventh)
    placed(retailer, 12)
    batches.read_inbox(retailer.app)
    deliveries = retailer.write(
        lambda tx: jobs.lock_deliveries(tx, subscriber="email.order_confirmed", limit=50)
    )
    task = customer_messages.email("order_confirmed")
    with pytest.raises(Killed):
        task(retailer.app.context, deliveries, lambda: 60.0)
    assert states(retailer) == {"sent": 4, "sending": 4, "requested": 4}
    result = task(retailer.app.context, deliveries, lambda: 60.0)
    assert (result.done, dict(result.failed)) == (deliveries, {})
    assert states(retailer) == {"sent": 8, "in_doubt": 4}
    assert (set(calls.values()), len(sent(retailer))) == ({1}, 11)


def test_a_batch_stops_in_time_and_leaves_the_rest(retailer: Retailer) -> None:
    placed(retailer, 60)
    batches.read_inbox(retailer.app)
    deliveries = retailer.write(
        lambda tx: jobs.lock_deliveries(tx, subscriber="email.order_confirmed", limit=60)
    )
    left = iter([5.0, 0.0])
    result = customer_messages.email("order_confirmed")(retailer.app.context, deliveries, lambda: next(left))
    assert (len(result.done), states(retailer)) == (25, {"sent": 25, "requested": 35})


def test_an_order_without_an_address_or_number_needs_no_delivery(retailer: Retailer) -> None:
    nobody = order_snapshot(line(JACKET), shipping_address=replace(DELHI, email="", phone=""))
    retailer.receive("shop", "order", nobody)
    batches.read_inbox(retailer.app)
    subscribers = retailer.read(lambda tx: tx.column(str, "SELECT subscriber FROM deliveries"))
    retailer.settle()
    assert "email.order_confirmed" not in subscribers
    assert (states(retailer), sent(retailer)) == ({}, [])


def test_without_a_mail_connection_nothing_is_queued(retailer: Retailer) -> None:
    retailer.write(lambda tx: connections.switch(tx, key="mail", mode=Mode.OFF))
    retailer.app.registry._looked_at = 0.0
    retailer.app.registry.refresh()
    placed(retailer, 3)
    retailer.settle()
    assert (states(retailer), waiting(retailer)) == ({}, 0)
    retailer.write(lambda tx: connections.switch(tx, key="mail", mode=Mode.LIVE))
    retailer.app.registry._looked_at = 0.0
    retailer.app.registry.refresh()
    retailer.settle()
    assert sent(retailer) == []
