"""Availability rules on a real database: computed like the pure rules, only in their scope, with the rule that applied."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests import builders
from tests.builders import NOON

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.inventory.actions import pools, rules
from doorstep.domain.inventory.actions.pools import PoolLine
from doorstep.domain.inventory.actions.rules import Effect, RuleChange
from doorstep.domain.inventory.model.policies import Policies
from doorstep.domain.inventory.model.rules import (
    NODE_KINDS,
    Goods,
    Rule,
    RuleKind,
    Scope,
    Site,
    Terms,
    matching_rules,
)
from doorstep.domain.inventory.views import rules as views
from doorstep.domain.network import actions as network
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import Sku

GOODS = [Goods(f"S{number}", f"style{number // 2}", f"cat{number // 4}") for number in range(8)]
SITES = {"WH": "warehouse", "ST-1": "store", "ST-2": "store"}
CHANNELS = ("", "shop", "market")


def known_goods(*goods: Goods) -> list[catalog.Item]:
    return [
        replace(builders.item(each.sku), style=each.style, category=each.category, barcode="")
        for each in goods
    ]


@pytest.fixture(autouse=True)
def retail(database: Database) -> Iterator[None]:
    """Eight SKUs of four styles and two categories, three locations."""
    with database.write(actor="system") as tx:
        catalog.put(tx, items=known_goods(*GOODS))
        network.put(
            tx, locations=[builders.location(code, kind=kind) for code, kind in SITES.items()], at=NOON
        )
        rules.catch_up(tx)
    yield
    with database.write(actor="system") as tx:
        assert rules.rebuild(tx) == Effect()


def put(
    database: Database, terms: Terms, rule_id: int | None = None, version: int | None = None
) -> tuple[Rule, Effect]:
    with database.write(actor="user:7") as tx:
        return rules.put(tx, change=RuleChange(terms, "because", rule_id, version), at=NOON)


def policies(database: Database) -> Policies:
    with database.read() as tx:
        return views.policies(tx, skus=[each.sku for each in GOODS], channels=CHANNELS)


def chance_rule(chance: random.Random) -> Terms:
    def some(names: list[str]) -> tuple[str, ...]:
        return tuple(chance.sample(names, chance.choice((0, 0, 1, 2))))

    kind = chance.choice((*NODE_KINDS, RuleKind.THRESHOLD))
    node = kind in NODE_KINDS
    scope = Scope(
        some([each.sku for each in GOODS]),
        some([each.style for each in GOODS]),
        some(["cat0", "cat1"]),
        some(list(SITES)) if node else (),
        some(["store", "warehouse"]) if node else (),
        some(["shop", "market"]),
    )
    return Terms(kind, "by chance", chance.randint(0, 1), scope, precedence=chance.randint(1, 2))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_worked_out_is_what_the_rules_say(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        put(database, chance_rule(chance))
    with database.write(actor="user:7") as tx:
        for rule_id in chance.sample(range(1, 13), 4):
            rules.set_active(tx, rule_id=rule_id, active=chance.random() < 0.3, reason="season", at=NOON)
        put_again = replace(chance_rule(chance), kind=views.rule(tx, rule_id=5).terms.kind, scope=Scope())
        rules.put(tx, change=RuleChange(put_again, "wider", 5), at=NOON)
        stored = views.rules(tx)
    found = policies(database)
    for goods in GOODS:
        for channel in CHANNELS:
            assert found.threshold(goods.sku, channel)[:2] == expected(
                stored, RuleKind.THRESHOLD, goods, None, channel
            )
            for number, (code, kind) in enumerate(SITES.items(), 1):
                site = Site(code, kind)
                excluded, rule_id = expected(stored, RuleKind.EXCLUDE, goods, site, channel)
                ship = (
                    (0, rule_id)
                    if excluded
                    else expected(stored, RuleKind.ALLOW_SHIP, goods, site, channel, 1)
                )
                safety = expected(stored, RuleKind.SAFETY_STOCK, goods, site, channel)
                assert found.safety_stock(goods.sku, number, channel)[:2] == safety
                assert found.may_ship(goods.sku, number, channel)[:2] == ship
                pick = int(kind == "store")
                pick_up = (
                    (0, rule_id)
                    if excluded
                    else expected(stored, RuleKind.ALLOW_PICKUP, goods, site, channel, pick)
                )
                assert found.may_pick_up(goods.sku, number, channel, kind=kind)[:2] == pick_up


def expected(
    stored: list[Rule], kind: RuleKind, goods: Goods, site: Site | None, channel: str, default: int = 0
) -> tuple[int, int | None]:
    """By the pure rules: value and rule."""
    ranked = matching_rules(
        [each for each in stored if each.terms.kind is kind], goods=goods, site=site, channel=channel
    )
    return (ranked[0].terms.value, ranked[0].id) if ranked else (default, None)


def test_a_change_affects_only_its_scope_and_returns_the_count(database: Database) -> None:
    wide = Terms(RuleKind.SAFETY_STOCK, "two in every store", 2, Scope(location_kinds=("store",)))
    rule, effect = put(database, wide)
    assert effect == Effect(positions=16)
    assert put(database, wide, rule.id)[1] == Effect()
    narrow = replace(wide, scope=Scope(categories=("cat0",), location_kinds=("store",)))
    with database.write(actor="user:7") as tx:
        tried = rules.preview(tx, change=RuleChange(narrow, "only cat0", rule.id), at=NOON)
    assert tried == Effect(positions=8)
    assert policies(database).safety_stock("S7", 2).value == 2
    changed, effect = put(database, narrow, rule.id)
    assert (changed.version, changed.changed_by, effect) == (3, "user:7", tried)
    assert policies(database).safety_stock("S7", 2).value == 0
    assert policies(database).safety_stock("S0", 2) == (2, rule.id, "two in every store")


def test_every_change_is_recorded_with_the_complete_rule(database: Database) -> None:
    rule, _ = put(database, Terms(RuleKind.THRESHOLD, "last units", 3, Scope(channels=("market",))))
    with database.write(actor="user:8") as tx:
        rules.set_active(tx, rule_id=rule.id, active=False, reason="sale is over", at=NOON)
        reported = event_log.of_stream(tx, stream="atp_rule", stream_id=rule.id)
    assert [
        (each.actor, each.data["change"], each.data["active"], each.data["reason"]) for each in reported
    ] == [
        ("user:7", "created", True, "because"),
        ("user:8", "changed", False, "sale is over"),
    ]
    assert reported[0].data["channels"] == ["market"]


def test_an_older_version_is_a_conflict(database: Database) -> None:
    terms = Terms(RuleKind.THRESHOLD, "last units", 3)
    rule, _ = put(database, terms)
    put(database, replace(terms, value=4), rule.id, 1)
    with pytest.raises(errors.Conflict):
        put(database, replace(terms, value=5), rule.id, 1)
    for wrong in (99, None):
        with pytest.raises(errors.NotFound), database.write(actor="user:7") as tx:
            rules.set_active(tx, rule_id=wrong or 98, active=True, reason="x", at=NOON)
    with pytest.raises(errors.NotFound):
        put(database, terms, 97)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(RuleKind.THRESHOLD, "x", 1, Scope(skus=("NO-SUCH",))), "skus"),
        (Terms(RuleKind.EXCLUDE, "x", 1, Scope(locations=("NO-SUCH",))), "locations"),
    ],
)
def test_what_a_rule_names_must_exist(database: Database, terms: Terms, field: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        put(database, terms)
    assert refused.value.data["field"] == field


def test_a_rule_needs_a_reason_and_keeps_its_kind(database: Database) -> None:
    rule, _ = put(database, Terms(RuleKind.THRESHOLD, "last units", 3))
    with pytest.raises(errors.Invalid), database.write(actor="user:7") as tx:
        rules.put(tx, change=RuleChange(rule.terms, " "), at=NOON)
    with pytest.raises(errors.Invalid):
        put(database, Terms(RuleKind.EXCLUDE, "other", 1), rule.id)


def test_new_and_changed_skus_and_locations_are_caught_up_with(database: Database) -> None:
    put(database, Terms(RuleKind.SAFETY_STOCK, "tops", 2, Scope(categories=("cat9",))))
    put(database, Terms(RuleKind.EXCLUDE, "no dark stores", 1, Scope(location_kinds=("dark_store",))))
    with database.write(actor="system") as tx:
        assert rules.catch_up(tx) == Effect()
        catalog.put(tx, items=known_goods(Goods("NEW", "", "cat9"), replace(GOODS[0], category="cat9")))
        network.put(tx, locations=[builders.location("DS", kind="dark_store")], at=NOON)
        assert rules.catch_up(tx) == Effect(positions=4 + 4 + 7)
        assert rules.catch_up(tx) == Effect()
    assert policies(database).safety_stock("S0", 1).value == 2


def test_a_rule_that_names_what_is_no_more_can_still_be_switched_off(database: Database) -> None:
    rule, _ = put(database, Terms(RuleKind.SAFETY_STOCK, "here", 5, Scope(locations=("WH",))))
    with database.write(actor="system") as tx:
        tx.execute("UPDATE locations SET code = 'WH-OLD' WHERE code = 'WH'")
        assert rules.catch_up(tx) == Effect(positions=8)
        after, effect = rules.set_active(tx, rule_id=rule.id, active=False, reason="closed", at=NOON)
    assert (after.terms.active, effect) == (False, Effect())


def test_who_competes_is_shown_with_the_winner_first(database: Database) -> None:
    put(database, Terms(RuleKind.SAFETY_STOCK, "everywhere", 1))
    put(database, Terms(RuleKind.SAFETY_STOCK, "here", 5, Scope(skus=("S0",), locations=("WH",))))
    with database.read() as tx:
        ranked = views.competing(tx, kind=RuleKind.SAFETY_STOCK, sku="S0", location="WH")
        assert [each.terms.name for each in ranked] == ["here", "everywhere"]
        assert views.names(tx) == views.Names(("style0", "style1", "style2", "style3"), ("cat0", "cat1"))
        with pytest.raises(errors.NotFound):
            views.competing(tx, kind=RuleKind.SAFETY_STOCK, sku="NO-SUCH")
        with pytest.raises(errors.NotFound):
            views.rule(tx, rule_id=99)


# Pools --------------------------------------------------------------------------------------------------------------


def test_lines_use_and_release_pools(database: Database) -> None:
    put(
        database,
        Terms(RuleKind.POOL, "for VIPs", 3, Scope(skus=("S0",)), audience="group:vip"),
    )
    with database.write(actor="system") as tx:
        orders = builders.store_orders(tx, 2, sku="S0")
    vip = frozenset({"shop", "group:vip"})
    for quantity, drawn, left in ((2, 2, 1), (2, 2, 1), (9, 3, 0), (1, 1, 2), (0, 0, 3)):
        with database.write(actor="system") as tx:
            line = PoolLine(orders[0], 1, Sku("S0"), vip, quantity)
            assert pools.draw_pools(tx, lines=[line, replace(line, order_id=orders[1], quantity=0)]) == drawn
        assert policies(database).set_aside("S0", {"shop"}) == left
