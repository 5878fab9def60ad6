"""The ledger compared with a small pure model, for random sequences of stock work, orders and carts.

Counters are never negative, reserved never exceeds on hand, and the ledger always equals its counters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests import builders
from tests.builders import NOON

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.actions import Correction, NewReservation, ReservationEnd
from doorstep.domain.inventory.model import (
    Condition,
    HoldLine,
    HoldRequest,
    InsufficientStock,
    Movement,
    MovementType,
    Part,
    Requested,
    Selling,
)
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId, OrderId, Sku

NEW, B_GRADE, TRANSIT = Condition.NEW, Condition.B_GRADE, Condition.IN_TRANSIT
TTL = timedelta(minutes=10)
Spot = tuple[Sku, int, Condition]
_round = count(1)

skus, locations, works, carts = (st.integers(0, n) for n in (1, 1, 3, 2))
few = st.integers(1, 6)


@dataclass
class Model:
    """What should be: plain numbers."""

    on_hand: Counter[Spot] = field(default_factory=Counter)
    reserved: Counter[Spot] = field(default_factory=Counter)
    work: dict[int, list[tuple[Spot, int]]] = field(default_factory=dict)  # open reservations
    ended: set[int] = field(default_factory=set)
    carts: dict[int, tuple[dict[Part, int], datetime]] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)

    def available(self, spot: Spot) -> int:
        return self.on_hand[spot] - self.reserved[spot]

    def held(self, part: Part) -> int:
        return sum(parts.get(part, 0) for parts, _ in self.carts.values())

    def free(self, part: Part) -> int:
        return sum(self.available((part[0], location, part[1])) for location in (1, 2)) - self.held(part)


class Ledger(RuleBasedStateMachine):
    """Rules are the verbs; each is tried in reality and in the model, and both must agree on whether it may be."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        number = next(_round)
        self.skus = [Sku(f"M{number}-A"), Sku(f"M{number}-B")]
        self.model, self.now, self.number = Model(), NOON, number
        with self.database.write(actor="test") as tx:
            catalog.put(tx, items=[builders.item(sku) for sku in self.skus])
            start = [(sku, LocationId(1), 5) for sku in self.skus]
            actions.move(
                tx,
                movements=[Movement(MovementType.RECEIVED, *each, "opening", NOON) for each in start],
            )
        self.model.on_hand.update({(sku, 1, NEW): 5 for sku in self.skus})

    def spot(self, sku: int, location: int, condition: Condition = NEW) -> Spot:
        return self.skus[sku], location + 1, condition

    def tried(self, may: bool, verb: Callable[[], object]) -> bool:
        """Do it; exactly what the model forbids is refused."""
        if may:
            verb()
            return True
        with pytest.raises(InsufficientStock):
            verb()
        return False

    def move(self, *changes: tuple[MovementType, Spot, int], key: str | None = None) -> None:
        with self.database.write(actor="test") as tx:
            actions.move(
                tx,
                movements=[
                    Movement(kind, sku, LocationId(location), quantity, "test", self.now, condition, key=key)
                    for kind, (sku, location, condition), quantity in changes
                ],
            )

    @rule(sku=skus, location=locations, quantity=few)
    def receive(self, sku: int, location: int, quantity: int) -> None:
        self.move((MovementType.RECEIVED, self.spot(sku, location), quantity))
        self.model.on_hand[self.spot(sku, location)] += quantity

    @rule(sku=skus, location=locations, quantity=few, work=works, kit=st.booleans())
    def reserve(self, sku: int, location: int, quantity: int, work: int, kit: bool) -> None:
        if work in self.model.work or work in self.model.ended:
            return
        wanted = [(self.spot(each, location), quantity) for each in ((0, 1) if kit else (sku,))]
        may = all(self.model.available(spot) >= units for spot, units in wanted)

        def verb() -> None:
            units = [
                NewReservation(self.cause(work), spot[0], LocationId(spot[1]), n, spot[2], OrderId(1))
                for spot, n in wanted
            ]
            with self.database.write(actor="test") as tx:
                actions.lock_stock(tx, skus=[spot[0] for spot, _ in wanted])
                actions.reserve(tx, reservations=units, at=self.now)

        if self.tried(may, verb):
            self.model.work[work] = wanted
            for spot, units in wanted:
                self.model.reserved[spot] += units

    def cause(self, work: int) -> str:
        return f"fulfillment/{self.number}-{work}/line/1"

    @rule(work=works, leaves=st.booleans())
    def end(self, work: int, leaves: bool) -> None:
        """Ship, or cancel before or after shipping: the reservation ends once, whatever comes later."""
        verb = actions.ship if leaves else actions.release
        with self.database.write(actor="test") as tx:
            ended = verb(tx, ending=ReservationEnd([self.cause(work)], [1]), at=self.now)
        with self.database.write(actor="test") as tx:
            again = [
                end(tx, ending=ReservationEnd([self.cause(work)], [1]), at=self.now)
                for end in (actions.release, actions.ship)
            ]
        wanted = self.model.work.pop(work, [])
        assert (ended, again) == (len(wanted), [0, 0])
        for spot, units in wanted:
            self.model.reserved[spot] -= units
            self.model.on_hand[spot] -= units if leaves else 0
        if wanted:
            self.model.ended.add(work)

    @rule(sku=skus, location=locations, number=st.integers(0, 2))
    def come_back(self, sku: int, location: int, number: int) -> None:
        """A return is put back in stock once, however often it is reported."""
        key = f"return/{self.number}/{sku}/{location}/{number}"
        self.move((MovementType.RETURNED, self.spot(sku, location), 1), key=key)
        if key not in self.model.returned:
            self.model.returned.add(key)
            self.model.on_hand[self.spot(sku, location)] += 1

    @rule(sku=skus, location=locations, quantity=few, to=st.sampled_from(["transit", "arrived", "b_grade"]))
    def transfer_or_change_condition(self, sku: int, location: int, quantity: int, to: str) -> None:
        other = 1 - location
        source, target, kind = {
            "transit": (self.spot(sku, location), self.spot(sku, other, TRANSIT), MovementType.TRANSFERRED),
            "arrived": (self.spot(sku, other, TRANSIT), self.spot(sku, other), MovementType.TRANSFERRED),
            "b_grade": (self.spot(sku, location), self.spot(sku, location, B_GRADE), MovementType.REGRADED),
        }[to]
        may = self.model.available(source) >= quantity
        if self.tried(may, lambda: self.move((kind, source, -quantity), (kind, target, quantity))):
            self.model.on_hand[source] -= quantity
            self.model.on_hand[target] += quantity

    @rule(sku=skus, location=locations, found=st.integers(0, 12))
    def count_or_adjust(self, sku: int, location: int, found: int) -> None:
        spot = self.spot(sku, location)
        correction = Correction(spot[0], LocationId(spot[1]), "counted", set_to=found)

        def verb() -> None:
            with self.database.write(actor="test") as tx:
                actions.adjust(tx, correction=correction, at=self.now)

        if self.tried(self.model.reserved[spot] <= found, verb):
            self.model.on_hand[spot] = found

    @rule(cart=carts, a=st.integers(0, 6), b=st.integers(0, 4), kit=st.integers(0, 2))
    def hold(self, cart: int, a: int, b: int, kit: int) -> None:
        first, second = ((sku, NEW) for sku in self.skus)
        recipes: list[tuple[Sku, int, dict[Part, int]]] = [
            (self.skus[0], a, {first: 1}),
            (self.skus[1], b, {second: 1}),
            (Sku("KIT"), kit, {first: 2, second: 1}),
        ]
        lines = [HoldLine(sku, quantity, parts) for sku, quantity, parts in recipes if quantity]
        if not lines:
            return
        wanted = {first: a + 2 * kit, second: b + kit}
        mine = self.model.carts.get(cart, ({}, NOON))[0]
        may = all(
            quantity <= mine.get(part, 0) or quantity - mine.get(part, 0) <= self.model.free(part)
            for part, quantity in wanted.items()
        )
        request = HoldRequest("web", self.cart(cart), lines, TTL)
        with self.database.write(actor="test") as tx:
            (answer,) = actions.hold(tx, requests=[request], selling=Selling({1, 2}), at=self.now)
        assert (not answer.refused) == may
        if may:
            self.model.carts[cart] = ({part: n for part, n in wanted.items() if n}, self.now + TTL)

    def cart(self, cart: int) -> str:
        return f"{self.number}-{cart}"

    @rule(cart=carts)
    def extend(self, cart: int) -> None:
        if cart not in self.model.carts:
            return
        with self.database.write(actor="test") as tx:
            until = actions.extend(tx, carts=[("web", self.cart(cart))], ttl=TTL, at=self.now)
        parts, before = self.model.carts[cart]
        self.model.carts[cart] = (parts, max(before, until))

    @rule(cart=carts, bought=st.booleans())
    def drop_or_buy(self, cart: int, bought: bool) -> None:
        with self.database.write(actor="test") as tx:
            if bought:
                actions.consume(tx, parts=[], carts={("web", self.cart(cart)): 1}, at=self.now)
            else:
                actions.release_cart_reservations(tx, carts=[("web", self.cart(cart))], at=self.now)
        self.model.carts.pop(cart, None)

    @rule(minutes=st.integers(1, 12))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        with self.database.write(actor="test") as tx:
            actions.expire(tx, at=self.now)
        self.model.carts = {cart: each for cart, each in self.model.carts.items() if each[1] > self.now}

    @invariant()
    def reality_is_the_model(self) -> None:
        with self.database.read() as tx:
            found = [
                each
                for sku in self.skus
                for location in (1, 2)
                for each in views.positions(tx, sku=sku, location_id=location)
            ]
            asked = views.requested(tx, parts=[(sku, NEW) for sku in self.skus])
            assert views.drift(tx) == []
        for each in found:
            spot = (each.sku, each.location_id, each.condition)
            assert (each.on_hand, each.reserved) == (self.model.on_hand[spot], self.model.reserved[spot])
            assert 0 <= each.reserved <= each.on_hand
        for sku in self.skus:
            assert asked.get((sku, NEW), Requested()).held == self.model.held((sku, NEW))


def rehearse(database: Database, examples: int, steps: int) -> None:
    with database.write(actor="system") as tx:
        builders.stock(tx, A={}, B={})
    machine = type("LedgerHere", (Ledger,), {"database": database})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_whatever_happens_the_ledger_is_the_model(database: Database) -> None:
    rehearse(database, examples=15, steps=30)


@pytest.mark.slow
def test_whatever_happens_for_long_the_ledger_is_the_model(database: Database) -> None:
    rehearse(database, examples=300, steps=60)
