"""Replenishment by minimum, maximum and demand, drafted once, with a reason per line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT, location

from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.actions import NewReservation, ReservationEnd, replenishment, transfers
from doorstep.domain.inventory.model import UnknownPosition
from doorstep.domain.inventory.model.replenishment import Rule, Suggestion
from doorstep.domain.inventory.model.transfers import TransferState
from doorstep.domain.inventory.views import replenishment as rule_views
from doorstep.domain.inventory.views import transfers as transfer_views
from doorstep.domain.network import actions as network
from doorstep.domain.network.model import LocationKind
from doorstep.kernel import errors
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId, OrderId, Sku

HUB, ONE, TWO = LocationId(1), LocationId(2), LocationId(3)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """A hub with twenty shirts and five jackets, and two stores with two shirts and none."""
    with database.write(actor="system") as tx:
        builders.stock(tx, HUB={SHIRT: 20, JACKET: 5}, ONE={SHIRT: 2}, TWO={SHIRT: 0})
        network.put(
            tx, locations=[location(code, kind=LocationKind.STORE) for code in ("ONE", "TWO")], at=NOON
        )
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def put(database: Database, *rules: Rule) -> None:
    with database.write(actor="user:1") as tx:
        replenishment.put(tx, rules=rules, at=NOON)


def draft(database: Database) -> list[Suggestion]:
    with database.write(actor="system") as tx:
        return replenishment.draft(tx, after="", at=NOON).suggestions


def said(found: list[Suggestion]) -> list[tuple[str, int, int]]:
    return [(each.sku, each.destination_id, each.quantity) for each in found]


def sell(database: Database, quantity: int, days_ago: int, location: LocationId = ONE) -> None:
    """Came, and was shipped some days ago."""
    cause, at = f"fulfillment/{days_ago}/line/1", NOON - days_ago * DAY
    with database.write(actor="system") as tx:
        receipt = actions.Correction(SHIRT, location, "found", change=quantity)
        actions.adjust(tx, correction=receipt, at=at)
        actions.reserve(
            tx, reservations=[NewReservation(cause, SHIRT, location, quantity, order_id=OrderId(1))], at=at
        )
        actions.ship(tx, ending=ReservationEnd([cause], [1]), at=at)


def test_locations_are_replenished_to_their_minimum_with_a_reason(database: Database) -> None:
    put(database, Rule(HUB, 5, 9, location_kind="store", sku=SHIRT))
    found = draft(database)
    assert said(found) == [(SHIRT, TWO, 5), (SHIRT, ONE, 3)]
    assert found[1].why == "The minimum is 5; available 2, incoming 0, missing 3."
    with database.read() as tx:
        drafts = transfer_views.rows(tx, wanted=transfer_views.TransferFilter())
        lines = transfer_views.transfer(tx, transfer_id=drafts[1].id).lines
    assert [(each.origin_id, each.destination_id, each.state, each.suggested) for each in drafts] == [
        (HUB, TWO, TransferState.DRAFT, True),
        (HUB, ONE, TransferState.DRAFT, True),
    ]
    assert (lines[0].requested, lines[0].why) == (3, found[1].why)


def test_what_a_draft_holds_is_coming_already(database: Database) -> None:
    put(database, Rule(HUB, 5, 9, location_kind="store", sku=SHIRT))
    draft(database)
    assert draft(database) == []
    with database.write(actor="user:1") as tx:
        for row in transfer_views.rows(tx, wanted=transfer_views.TransferFilter()):
            transfers.request(tx, command=transfers.Command(row.id, NOON))  # type: ignore[arg-type]  # an id
    assert draft(database) == []
    put(database, Rule(HUB, 7, 9, location_kind="store", sku=SHIRT))
    assert said(draft(database)) == [(SHIRT, ONE, 2), (SHIRT, TWO, 2)]


def test_demand_of_the_last_weeks_raises_the_need_up_to_the_maximum(database: Database) -> None:
    for days_ago, quantity in ((3, 10), (20, 4), (40, 100)):
        sell(database, quantity, days_ago)
    put(database, Rule(HUB, 1, 9, 14, sku=SHIRT, location_id=ONE))
    (found,) = draft(database)
    assert (found.quantity, found.why) == (
        5,
        "14 shipped in 28 days, so 14 days need 7 (at least 1, at most 9); available 2, incoming 0, missing 5.",
    )


def test_a_source_keeps_its_own_minimum_and_who_has_least_is_served_first(database: Database) -> None:
    put(
        database,
        Rule(HUB, 6, 9, location_kind="store", sku=SHIRT),
        Rule(ONE, 14, 14, location_id=HUB, sku=SHIRT),
    )
    found = [each for each in draft(database) if each.origin_id == HUB]
    assert said(found) == [(SHIRT, TWO, 6)]
    put(database, Rule(ONE, 12, 12, location_id=HUB, sku=SHIRT))
    (rest,) = draft(database)
    assert (rest.destination_id, rest.quantity) == (ONE, 2)
    assert rest.why.endswith("missing 4. The source can spare 2 above its own minimum of 12.")


def test_the_most_particular_rule_counts(database: Database) -> None:
    with database.write(actor="system") as tx:
        tx.execute("UPDATE skus SET category = 'Tops' WHERE sku = %s", (SHIRT,))
    put(
        database,
        Rule(HUB, 0, 0),
        Rule(HUB, 1, 1, location_kind="store"),
        Rule(HUB, 2, 2, category="Tops"),
        Rule(HUB, 3, 3, category="Tops", location_id=TWO),
        Rule(HUB, 4, 4, sku=SHIRT, location_id=TWO),
    )
    assert said(draft(database)) == [(JACKET, ONE, 1), (JACKET, TWO, 1), (SHIRT, TWO, 4)]


def test_rules_are_written_over_and_removed(database: Database) -> None:
    put(database, Rule(HUB, 1, 2, sku=SHIRT), Rule(HUB, 3, 4, sku=SHIRT))
    put(database)
    with database.write(actor="user:1") as tx:
        (rule,) = rule_views.rules(tx)
        assert (rule.min_quantity, rule.max_quantity, rule.sku) == (3, 4, SHIRT)
        assert replenishment.remove(tx, rule_ids=[rule.id, 99], at=NOON) == 1
        assert replenishment.remove(tx, rule_ids=[rule.id], at=NOON) == 0
        assert rule_views.rules(tx) == []
    assert draft(database) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"min_quantity": -1}, "min_quantity"),
        ({"max_quantity": 0}, "max_quantity"),
        ({"cover_days": 366}, "cover_days"),
        ({"sku": SHIRT, "category": "Tops"}, "sku"),
        ({"location_id": ONE, "location_kind": "store"}, "location"),
        ({"location_id": HUB}, "source"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(
    database: Database, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.Invalid) as refused:
        put(database, replace(Rule(HUB, 1, 2), **given))
    assert refused.value.data["field"] == field


def test_a_rule_with_unknown_names_is_refused(database: Database) -> None:
    with pytest.raises(UnknownPosition):
        put(database, Rule(HUB, 1, 2, sku=Sku("NO-SUCH")))
