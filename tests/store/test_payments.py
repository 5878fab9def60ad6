"""Payments reported by channel and gateway in any order; refunds are stored before they are requested, once per return."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from tests import builders
from tests.builders import NOON, line, order_snapshot

from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Accepted, Incoming
from doorstep.domain.payments import actions, views
from doorstep.domain.payments.actions import RefundIntent
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus, RefundResult, RefundState
from doorstep.domain.payments.views import Payment, Refund
from doorstep.flows.billing import posting
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.ids import OrderId, RefundId

ANNOUNCED = order_snapshot(line("GT-WH-02", 2, 50_000), paid=False, external_id="shop-1")


@dataclass
class Till:
    """One order's payments, reported by three sources."""

    database: Database
    channel: int

    def _order(self, tx: WriteTx) -> OrderId | None:
        found = tx.column(int, "SELECT id FROM orders")
        return OrderId(found[0]) if found else None

    def order(self, *, is_paid: bool) -> Accepted | None:
        """The channel's order comes, or comes again."""
        with self.database.write(actor="connection:shop") as tx:
            reported = builders.paid(ANNOUNCED) if is_paid else ANNOUNCED
            recognized = orders.classify(tx, incoming=[Incoming(self.channel, "shop", reported, "trace")])
            accepted = orders.upsert(tx, reported=recognized, now=NOON)
            posting.record_reported_payments(tx, accepted=accepted)
            return accepted[0] if accepted else None

    def money(self, status: PaymentStatus, *, reference: str = "", external_id: str = "pay-1") -> None:
        """The gateway (without a reference) or the channel (with one) reports a transaction."""
        amount, currency = ANNOUNCED.total_minor, "INR"
        seen = PaymentSnapshot("sandbox", external_id, reference, status, amount, currency, "upi", NOON)
        with self.database.write(actor="connection:pay") as tx:
            actions.expect(tx, order_reference=reference)
            order_id = self._order(tx) if reference else None
            if order_id is not None:
                orders.lock(tx, order_id=order_id)
            actions.record(tx, seen=seen, order_id=order_id)

    def payments(self) -> list[Payment]:
        with self.database.read() as tx:
            return views.of_order(tx, order_id=1)

    def captured(self) -> int:
        """How often the order's timeline says that money arrived."""
        with self.database.read() as tx:
            return sum(
                each.type == "payment.captured"
                for each in event_log.of_stream(tx, stream="order", stream_id=1)
            )


@pytest.fixture
def till(database: Database) -> Till:
    """A shop without orders yet."""
    with database.write(actor="system") as tx:
        return Till(database, builders.channel(tx))


VOICES = {
    "order": lambda till: till.order(is_paid=False),
    "order paid": lambda till: till.order(is_paid=True),
    "gateway authorized": lambda till: till.money(PaymentStatus.AUTHORIZED),
    "gateway captured": lambda till: till.money(PaymentStatus.CAPTURED),
    "channel's transaction": lambda till: till.money(PaymentStatus.CAPTURED, reference="shop-1"),
}


@pytest.mark.parametrize(
    "turns",
    [tuple(each) for each in itertools.permutations(VOICES)][::13],
    ids=" → ".join,
)
def test_in_every_order_of_tellings_one_payment_is_captured_once(till: Till, turns: tuple[str, ...]) -> None:
    for turn in (*turns, turns[0], turns[-1]):
        VOICES[turn](till)
    (payment,) = till.payments()
    assert (payment.external_id, payment.status, payment.amount_minor) == ("pay-1", "captured", 100_000)
    assert till.captured() == 1
    with till.database.read() as tx:
        assert tx.value(int, "SELECT count(*) FROM payments") == 1


def test_money_that_came_before_its_order_is_on_its_timeline(till: Till) -> None:
    till.money(PaymentStatus.CAPTURED, reference="shop-1")
    assert till.payments() == []
    till.order(is_paid=True)
    assert [payment.external_id for payment in till.payments()] == ["pay-1"]
    assert till.captured() == 1


def test_a_failed_try_and_a_good_one_are_two_payments(till: Till) -> None:
    till.order(is_paid=False)
    till.money(PaymentStatus.FAILED, reference="shop-1")
    till.money(PaymentStatus.CAPTURED, reference="shop-1", external_id="pay-2")
    till.money(PaymentStatus.FAILED, reference="shop-1")
    assert [(each.external_id, each.status) for each in till.payments()] == [
        ("pay-1", "failed"),
        ("pay-2", "captured"),
    ]
    assert till.captured() == 1


def test_an_order_and_its_money_at_the_same_moment_find_each_other(till: Till) -> None:
    with ThreadPoolExecutor(2) as threads:
        for turn in [
            threads.submit(till.order, is_paid=True),
            threads.submit(VOICES["channel's transaction"], till),
        ]:
            turn.result(10)
    assert [payment.external_id for payment in till.payments()] == ["pay-1"]
    assert till.captured() == 1


def test_one_payment_reported_twice_at_once_is_stored_once(till: Till) -> None:
    def record(_: int) -> bool:
        try:
            till.money(PaymentStatus.CAPTURED)
        except actions.Overtaken:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert any(threads.map(record, range(8)))
    with till.database.read() as tx:
        assert tx.value(int, "SELECT count(*) FROM payments") == 1


# Refunds ----------------------------------------------------------------------------------------------------------


def owed(till: Till, amount: int = 40_000) -> RefundId:
    """A captured order with a refund that was not asked for yet."""
    till.order(is_paid=True)
    till.money(PaymentStatus.CAPTURED, reference="shop-1")
    with till.database.write(actor="system") as tx:
        refund_id = actions.request_refund(tx, intent=intent(amount), at=NOON)
    assert refund_id is not None
    return refund_id


def intent(amount: int) -> RefundIntent:
    return RefundIntent(OrderId(1), None, None, amount, "INR", "size")


def refund(till: Till, refund_id: RefundId) -> Refund:
    with till.database.read() as tx:
        return views.refund(tx, refund_id=refund_id)


def ask(till: Till, refund_id: RefundId) -> bool:
    """Whether the gateway was asked before."""
    with till.database.write(actor="system") as tx:
        found = actions.lock_refund(tx, refund_id=refund_id)
        actions.choose_tender(tx, refund=found)
        return actions.mark_requested(tx, refund=found, at=NOON)


def credit(till: Till, refund_id: RefundId) -> Refund | None:
    with till.database.write(actor="system") as tx:
        result = RefundResult("rfnd-1", RefundState.SUCCEEDED, arrived=True)
        return actions.credited(tx, refund_id=refund_id, result=result, at=NOON)


def test_a_refund_is_recorded_once_and_its_tender_has_that_much_less(till: Till) -> None:
    refund_id = owed(till)
    assert [ask(till, refund_id), ask(till, refund_id)] == [False, True]
    assert [credit(till, refund_id) is None for _ in range(3)] == [False, True, True]
    assert [each.refunded_minor for each in till.payments()] == [40_000]
    assert refund(till, refund_id).reference == f"DSREFUND-{refund_id:08d}"


def test_no_more_is_given_back_than_was_paid(till: Till) -> None:
    first = owed(till, 60_001)
    ask(till, first)
    credit(till, first)
    with till.database.write(actor="system") as tx:
        second = actions.request_refund(tx, intent=intent(40_000), at=NOON)
    assert second is not None
    with pytest.raises(errors.Refused, match="refund it by other means"):
        ask(till, second)


def test_a_refund_waits_until_the_gateway_reports_its_payment(till: Till) -> None:
    till.order(is_paid=True)
    with till.database.write(actor="system") as tx:
        refund_id = actions.request_refund(tx, intent=intent(1), at=NOON)
    assert refund_id is not None
    with pytest.raises(actions.NoTender):
        ask(till, refund_id)


def test_a_refund_in_doubt_is_looked_up_before_it_is_retried(till: Till) -> None:
    refund_id = owed(till)
    ask(till, refund_id)
    with till.database.write(actor="system") as tx:
        actions.mark_in_doubt(tx, refund_id=refund_id, reason="no answer", at=NOON)
    assert (refund(till, refund_id).state, refund(till, refund_id).error) == (
        RefundState.IN_DOUBT,
        "no answer",
    )
    with till.database.write(actor="user:1") as tx:
        actions.retry(tx, refund_id=refund_id, at=NOON)
    assert ask(till, refund_id) is True


def test_a_credited_refund_stays_credited(till: Till) -> None:
    refund_id = owed(till)
    ask(till, refund_id)
    credit(till, refund_id)
    for verb in (actions.mark_in_doubt, actions.failed):
        with pytest.raises(states.IllegalMove), till.database.write(actor="system") as tx:
            verb(tx, refund_id=refund_id, reason="late news", at=NOON)
    with pytest.raises(states.IllegalMove), till.database.write(actor="user:1") as tx:
        actions.retry(tx, refund_id=refund_id, at=NOON)


def test_a_refund_needs_an_amount(till: Till) -> None:
    till.order(is_paid=True)
    with pytest.raises(errors.Invalid), till.database.write(actor="system") as tx:
        actions.request_refund(tx, intent=replace(intent(1), amount_minor=0), at=NOON)
    with pytest.raises(errors.NotFound), till.database.write(actor="system") as tx:
        actions.failed(tx, refund_id=RefundId(9), reason="", at=NOON)
