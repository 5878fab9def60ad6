"""Cart reservations and commitments: never more than the stock, each ended once, counters equal the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT

from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.model import (
    Commitment,
    Condition,
    HoldAnswer,
    HoldLine,
    HoldRequest,
    Part,
    Refusal,
    Requested,
    Selling,
)
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Incoming
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import Sku

NEW = Condition.NEW
SHIRTS, JACKETS = (SHIRT, NEW), (JACKET, NEW)
MINUTES = timedelta(minutes=1)
ITSELF: Mapping[Sku, Mapping[Part, int]] = {
    SHIRT: {SHIRTS: 1},
    JACKET: {JACKETS: 1},
    Sku("SET"): {SHIRTS: 2, JACKETS: 1},
}


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """Ten shirts and two jackets in A, three shirts in B; at the end the ledger must agree with its counters."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10, JACKET: 2}, B={SHIRT: 3})
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def want(cart: str, ttl: timedelta = 10 * MINUTES, **quantities: int) -> HoldRequest:
    names = {"shirts": SHIRT, "jackets": JACKET, "sets": Sku("SET")}
    lines = [HoldLine(names[name], quantity, ITSELF[names[name]]) for name, quantity in quantities.items()]
    return HoldRequest("web", cart, lines, ttl)


def hold(database: Database, *requests: HoldRequest) -> list[HoldAnswer]:
    with database.write(actor="api:1") as tx:
        return actions.hold(tx, requests=requests, selling=Selling({1, 2}), at=NOON)


def held(database: Database) -> tuple[int, int]:
    """Shirts and jackets."""
    with database.read() as tx:
        asked = views.requested(tx, parts=[SHIRTS, JACKETS])
    return asked.get(SHIRTS, Requested()).held, asked.get(JACKETS, Requested()).held


def test_a_cart_holds_until_its_time_is_over(database: Database) -> None:
    (answer,) = hold(database, want("c1", shirts=4, jackets=1))
    assert (answer.expires_at, answer.refused) == (NOON + 10 * MINUTES, ())
    assert held(database) == (4, 1)
    for minutes, lapsed in ((9, 0), (10, 2), (11, 0)):
        with database.write(actor="system") as tx:
            assert actions.expire(tx, at=NOON + minutes * MINUTES) == lapsed
    assert held(database) == (0, 0)
    with database.read() as tx:
        (freed,) = event_log.of_stream(tx, stream="network", stream_id=1)
    assert freed.data["skus"] == sorted([JACKET, SHIRT])


def test_an_unavailable_cart_is_refused_completely_with_the_available_quantity(database: Database) -> None:
    hold(database, want("c1", shirts=12))
    (answer,) = hold(database, want("c2", shirts=2, jackets=3))
    assert answer.expires_at is None
    assert answer.refused == (Refusal(SHIRT, 2, 1), Refusal(JACKET, 3, 2))
    assert held(database) == (12, 0)


def test_kits_and_lines_that_share_a_thing_are_summed_first(database: Database) -> None:
    (refused,) = hold(database, want("c1", sets=2, shirts=10))
    assert refused.refused == (Refusal(Sku("SET"), 2, 1), Refusal(SHIRT, 10, 9))
    (granted,) = hold(database, want("c1", sets=2, shirts=9))
    assert granted.refused == ()
    assert held(database) == (13, 2)


def test_a_repeated_cart_reservation_replaces_the_first(database: Database) -> None:
    hold(database, want("c1", shirts=10))
    (more,) = hold(database, want("c1", shirts=13))
    (too_much,) = hold(database, want("c1", shirts=14))
    assert (more.refused, too_much.refused) == ((), (Refusal(SHIRT, 14, 13),))
    assert held(database) == (13, 0)
    hold(database, want("c1", jackets=1))
    assert held(database) == (0, 1)


def test_a_batch_of_carts_is_decided_in_its_order(database: Database) -> None:
    answers = hold(database, want("c1", shirts=10), want("c2", shirts=4), want("c3", shirts=3))
    assert [bool(each.refused) for each in answers] == [False, True, False]
    assert held(database) == (13, 0)


def test_a_customer_who_is_still_there_extends(database: Database) -> None:
    hold(database, want("c1", shirts=1))
    with database.write(actor="api:1") as tx:
        until = actions.extend(tx, carts=[("web", "c1")], ttl=10 * MINUTES, at=NOON + 5 * MINUTES)
        actions.extend(tx, carts=[("web", "c1")], ttl=MINUTES, at=NOON + 5 * MINUTES)
    with database.write(actor="system") as tx:
        assert actions.expire(tx, at=until - MINUTES) == 0
        assert actions.expire(tx, at=until) == 1


def test_a_payment_under_way_keeps_the_hold_but_not_for_ever(database: Database) -> None:
    hold(database, want("c1", shirts=1))
    with database.write(actor="api:1") as tx:
        actions.keep(tx, carts=[("web", "c1")], until=NOON + 30 * MINUTES, at=NOON)
    for minutes, lapsed in ((10, 0), (20, 0), (29, 0), (30, 1)):
        with database.write(actor="system") as tx:
            assert actions.expire(tx, at=NOON + minutes * MINUTES) == lapsed


def test_what_is_given_back_or_gone_cannot_be_extended(database: Database) -> None:
    hold(database, want("c1", shirts=1))
    with database.write(actor="api:1") as tx:
        assert [actions.release_cart_reservations(tx, carts=[("web", "c1")], at=NOON) for _ in range(2)] == [
            1,
            0,
        ]
    with pytest.raises(actions.NotHeld, match="web/c1"), database.write(actor="api:1") as tx:
        actions.extend(tx, carts=[("web", "c1")], ttl=MINUTES, at=NOON)
    with pytest.raises(actions.NotHeld, match="web/c1"), database.write(actor="api:1") as tx:
        actions.keep(tx, carts=[("web", "c1")], until=NOON + MINUTES, at=NOON)
    assert held(database) == (0, 0)


def test_an_order_consumes_the_hold_of_its_cart_once(database: Database) -> None:
    hold(database, want("c1", shirts=2, jackets=1))
    hold(database, want("c2", shirts=1))
    for served in ({7}, set()):
        with database.write(actor="system") as tx:
            claims = actions.consume(tx, parts=[SHIRTS], carts={("web", "c1"): 7, ("web", "c9"): 9}, at=NOON)
        assert (claims.served, claims.asked[SHIRTS]) == (served, Requested(1, 0))
    with database.write(actor="system") as tx:
        actions.release_cart_reservations(tx, carts=[("web", "c2")], at=NOON)
    assert held(database) == (0, 0)


def test_orders_that_wait_lower_what_carts_may_hold(database: Database) -> None:
    order = an_order(database)
    waits = Commitment(order, 1, SHIRT, NEW, 12)
    for _ in range(2):
        with database.write(actor="system") as tx:
            actions.set_commitments(tx, order_ids=[order], wanted=[waits], at=NOON)
    (answer,) = hold(database, want("c1", shirts=2))
    assert answer.refused == (Refusal(SHIRT, 2, 1),)
    with database.write(actor="system") as tx:
        actions.set_commitments(tx, order_ids=[order], wanted=[], at=NOON)
    assert hold(database, want("c1", shirts=13))[0].refused == ()


def an_order(database: Database) -> int:
    with database.write(actor="connection:shop") as tx:
        incoming = Incoming(builders.channel(tx), "shop", builders.order_snapshot(), "0" * 32)
        return orders.upsert(tx, reported=orders.classify(tx, incoming=[incoming]), now=NOON)[0].order_id


def test_forty_carts_at_once_hold_exactly_what_there_is(database: Database) -> None:
    def shop(number: int) -> bool:
        intent = want(f"c{number}", sets=1) if number % 4 == 0 else want(f"c{number}", shirts=1)
        return not hold(database, intent)[0].refused

    with ThreadPoolExecutor(20) as threads:
        granted = list(threads.map(shop, range(40)))
    shirts, jackets = held(database)
    assert shirts in (12, 13)  # a set takes two: one shirt may be left that no set fits into
    assert shirts == sum(1 + (number % 4 == 0) for number, got in enumerate(granted) if got)
    assert jackets <= 2


@pytest.mark.parametrize(
    "request_",
    [
        HoldRequest("web", " ", [HoldLine(SHIRT, 1, {SHIRTS: 1})]),
        HoldRequest("web", "c1", []),
        want("c1", shirts=0),
        want("c1", timedelta(0), shirts=1),
        want("c1", timedelta(days=2), shirts=1),
    ],
)
def test_what_can_never_be_held_is_refused(database: Database, request_: HoldRequest) -> None:
    with pytest.raises(errors.Invalid):
        hold(database, request_)


@pytest.mark.parametrize(("verb", "given"), [("extend", {"ttl": timedelta(0)}), ("keep", {"until": NOON})])
def test_times_that_cannot_be_are_refused(database: Database, verb: str, given: dict[str, object]) -> None:
    with pytest.raises(errors.Invalid), database.write(actor="api:1") as tx:
        getattr(actions, verb)(tx, carts=[("web", "c1")], at=NOON, **given)
