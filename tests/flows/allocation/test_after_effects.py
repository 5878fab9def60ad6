"""Whatever ends an allocation, what depends on it follows in the same transaction: before anything is allocated again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.builders import JACKET, NOON, Retailer, line, order_snapshot
from tests.flows.network.test_outage_control import held

from doorstep.domain.fulfillment.model import RejectReason, Work
from doorstep.domain.inventory.actions import rules
from doorstep.domain.inventory.actions.rules import RuleChange
from doorstep.domain.inventory.model.rules import RuleKind, Scope, Terms
from doorstep.flows.allocation import replan
from doorstep.flows.fulfillment import cancel, fulfill, recall
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery

__all__ = ["held"]


def committed(retailer: Retailer, order_id: OrderId) -> list[tuple[str, int]]:
    """Units that the order keeps committed while it waits to be allocated."""
    statement = "SELECT sku, quantity FROM stock_commitments WHERE order_id = %s"
    rows = retailer.read(lambda tx: tx.rows(statement, (order_id,)))
    return [(str(row["sku"]), int(str(row["quantity"]))) for row in rows]


def rejected(tx: WriteTx, work: Work) -> None:
    fulfill.reject(tx, fulfillment_order_id=work.id, reason=RejectReason.NO_CAPACITY, note="", now=NOON)


def recalled(tx: WriteTx, work: Work) -> None:
    assert recall.request(tx, fulfillment_order_id=work.id, why="the truck left", now=NOON)


def not_accepted(tx: WriteTx, work: Work) -> None:
    """What happens when the time to accept has expired."""
    fulfill.reject(tx, fulfillment_order_id=work.id, reason=RejectReason.NOT_ACCEPTED, note="", now=NOON)


@pytest.mark.parametrize("ended", [rejected, recalled, not_accepted])
def test_ended_work_is_committed_again_at_once(
    retailer: Retailer, ended: Callable[[WriteTx, Work], None]
) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET, 2)))
    (work,) = retailer.work(order_id)
    assert committed(retailer, order_id) == []
    retailer.write(lambda tx: ended(tx, work))
    assert committed(retailer, order_id) == [(JACKET, 2)]
    retailer.settle()
    assert committed(retailer, order_id) == []


def test_replanned_work_is_committed_again_at_once(held: Retailer) -> None:
    order_id = held.place_order(order_snapshot(line(JACKET, 2)))
    (work,) = held.work(order_id)
    paused = Delivery(
        1,
        "",
        "location",
        work.location_id,
        1,
        1,
        "location.paused",
        {"location_id": work.location_id},
        "",
        "",
        NOON,
    )
    held.write(lambda tx: replan.location_paused(held.app.context, tx, [paused]))
    assert committed(held, order_id) == [(JACKET, 2)]
    held.settle()
    assert committed(held, order_id) == []


def test_a_canceled_order_keeps_nothing_committed(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET, 2)))
    retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="asked", now=NOON))
    assert committed(retailer, order_id) == []
    short = retailer.place_order(order_snapshot(line(JACKET, 5_000)))
    assert committed(retailer, short) == [(JACKET, 5_000)]
    retailer.write(lambda tx: cancel.cancel(tx, order_id=short, reason="asked", now=NOON))
    assert committed(retailer, short) == []


@pytest.mark.parametrize("ended", [rejected, recalled, not_accepted])
def test_ended_work_returns_its_units_to_their_pool_at_once(
    retailer: Retailer, ended: Callable[[WriteTx, Work], None]
) -> None:
    terms = Terms(RuleKind.POOL, "for VIPs", 4, Scope(skus=(JACKET,)), audience="group:vip")
    retailer.write(lambda tx: rules.put(tx, change=RuleChange(terms, "test"), at=NOON))
    order_id = retailer.place_order(order_snapshot(line(JACKET, 2), tags=("vip",)))
    (work,) = retailer.work(order_id)
    drawn = "SELECT quantity FROM pool_draws WHERE order_id = %s"
    assert retailer.read(lambda tx: tx.column(int, drawn, (order_id,))) == [2]
    retailer.write(lambda tx: ended(tx, work))
    assert retailer.read(lambda tx: tx.column(int, drawn, (order_id,))) == []
    retailer.settle()
    assert retailer.read(lambda tx: tx.column(int, drawn, (order_id,))) == [2]
