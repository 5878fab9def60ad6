"""Precedence of availability rules, and their valid values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.inventory.model.policies import YES, NodePolicy, Policies, Pool, Ruling
from doorstep.domain.inventory.model.pools import Taker, share
from doorstep.domain.inventory.model.rules import (
    EVERYTHING,
    Goods,
    Rule,
    RuleKind,
    Scope,
    Site,
    Terms,
    audiences,
    check_terms,
    matching_rules,
    rank,
    reach,
)
from doorstep.kernel import errors

SHIRT = Goods("SHIRT-M", "SHIRT", "tops")
STORE = Site("ST-1", "store")


def rule(rule_id: int = 1, *, precedence: int = 100, active: bool = True, **scope: tuple[str, ...]) -> Rule:
    terms = Terms(
        RuleKind.SAFETY_STOCK, f"rule {rule_id}", rule_id, Scope(**scope), "", precedence, active=active
    )
    return Rule(rule_id, 1, terms, "", "user:1", datetime(2026, 1, 1, tzinfo=UTC))


def _kept_back(
    policies: Policies, sku: str, location_id: int, channel: str, *, on_hand: int
) -> tuple[int, str]:
    units, why = policies.kept_back(sku, location_id, channel, on_hand=on_hand)
    return units, str(why)


def winner(*rules: Rule, channel: str = "shop") -> int:
    return matching_rules(rules, goods=SHIRT, site=STORE, channel=channel)[0].id


# From the most to the least specific; of any two the first wins, whichever is older.
BY_GOODS = ({"skus": ("SHIRT-M",)}, {"styles": ("SHIRT",)}, {"categories": ("tops",)}, {})
BY_SITE = ({"locations": ("ST-1",)}, {"location_kinds": ("store",)}, {})
BY_CHANNEL = ({"channels": ("shop",)}, {})


@pytest.mark.parametrize("order", [BY_GOODS, BY_SITE, BY_CHANNEL])
def test_the_more_specific_wins(order: tuple[dict[str, tuple[str, ...]], ...]) -> None:
    for index, stronger in enumerate(order):
        for weaker in order[index + 1 :]:
            assert winner(rule(1, **stronger), rule(2, **weaker)) == 1
            assert winner(rule(2, **stronger), rule(1, **weaker)) == 2


def test_precedence_beats_what_is_specific_and_the_newer_wins_among_equals() -> None:
    assert winner(rule(1, precedence=5), rule(2, skus=("SHIRT-M",))) == 1
    assert winner(rule(1), rule(2)) == 2
    assert winner(rule(1, skus=("SHIRT-M",)), rule(2, locations=("ST-1",), channels=("shop",))) == 1


@pytest.mark.parametrize(
    "scope",
    [
        {"skus": ("OTHER",)},
        {"styles": ("OTHER",), "categories": ("OTHER",)},
        {"locations": ("ST-2",)},
        {"location_kinds": ("warehouse",)},
        {"channels": ("other",)},
    ],
)
def test_a_rule_about_something_else_does_not_apply(scope: dict[str, tuple[str, ...]]) -> None:
    assert rank(rule(1, **scope), goods=SHIRT, site=STORE, channel="shop") is None


def test_a_rule_that_is_off_decides_nothing_and_one_with_locations_not_for_the_whole_network() -> None:
    assert matching_rules([rule(1, active=False)], goods=SHIRT, site=STORE) == []
    assert matching_rules([rule(1, locations=("ST-1",))], goods=SHIRT, site=None) == []
    assert [each.id for each in matching_rules([rule(1)], goods=SHIRT, site=None)] == [1]


NAMES = st.lists(st.sampled_from(["SHIRT-M", "SHIRT", "tops", "ST-1", "store", "shop", "other"]), max_size=2)
SCOPES = st.builds(Scope, *[NAMES.map(tuple)] * 6)


@given(st.lists(st.tuples(SCOPES, st.integers(1, 3)), max_size=8), st.randoms(use_true_random=False))
def test_the_winner_does_not_depend_on_the_order_in_which_rules_are_read(given_, chance) -> None:
    rules = [
        replace(rule(number), terms=replace(rule(number).terms, scope=scope, precedence=precedence))
        for number, (scope, precedence) in enumerate(given_)
    ]
    once = matching_rules(rules, goods=SHIRT, site=STORE, channel="shop")
    chance.shuffle(rules)
    again = matching_rules(rules, goods=SHIRT, site=STORE, channel="shop")
    assert once == again
    ranks = [rank(each, goods=SHIRT, site=STORE, channel="shop") for each in once]
    assert ranks == sorted(set(ranks))
    assert [each.terms.precedence for each in once] == sorted(each.terms.precedence for each in once)


@given(SCOPES, SCOPES)
def test_the_reach_of_two_scopes_holds_whatever_either_names(one: Scope, other: Scope) -> None:
    both = replace(rule(1), terms=replace(rule(1).terms, scope=reach([one, other])))
    for scope in (one, other):
        mine = replace(rule(1), terms=replace(rule(1).terms, scope=replace(scope, channels=())))
        if rank(mine, goods=SHIRT, site=STORE, channel="") is not None:
            assert rank(both, goods=SHIRT, site=STORE, channel="") is not None


POOL = Terms(RuleKind.POOL, "for VIPs", 5, audience="group:vip")


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Terms(RuleKind.THRESHOLD, " ", 1), "name"),
        (Terms(RuleKind.SAFETY_STOCK, "x", -1), "value"),
        (Terms(RuleKind.EXCLUDE, "x", 2), "value"),
        (Terms(RuleKind.THRESHOLD, "x", 1, Scope(locations=("A",))), "locations"),
        (Terms(RuleKind.THRESHOLD, "x", 1, audience="shop"), "audience"),
        (replace(POOL, audience=""), "audience"),
        (replace(POOL, audience="group: "), "audience"),
        (replace(POOL, scope=Scope(channels=("shop",))), "channels"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_the_field_to_change(terms: Terms, field: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        check_terms(terms)
    assert refused.value.data["field"] == field


def test_rules_that_are_meant_pass() -> None:
    for terms in (POOL, Terms(RuleKind.SAFETY_STOCK, "x", 3, Scope(locations=("A",), channels=("shop",)))):
        check_terms(terms)
    assert audiences(channel="shop", group="vip") == {"shop", "group:vip"}
    assert audiences(channel="", group="") == set()
    assert reach([EVERYTHING, Scope(skus=("A",), locations=("B",))]) == EVERYTHING


# What the rules come to ---------------------------------------------------------------------------------------------

ROWS = {
    ("A", 1, ""): NodePolicy(Ruling(0, 8, "eight"), YES, Ruling(3, 7)),
    ("A", 1, "shop"): NodePolicy(Ruling(0, 9), Ruling(0, 9)),
}
POOLS = {"A": (Pool("A", "group:vip", 5, 3, 4), Pool("A", "shop", 2, 2, 5))}
POLICIES = Policies(ROWS, {}, POOLS)


def test_a_channel_with_a_row_of_its_own_is_ruled_by_that_and_others_by_the_common_one() -> None:
    assert POLICIES.safety_stock("A", 1) == (3, 7, "")
    assert POLICIES.safety_stock("A", 1, "shop") == (0, None, "")
    assert POLICIES.may_ship("A", 1, "other") == (0, 8, "eight")
    assert POLICIES.may_ship("A", 1, "shop") == (0, 9, "")
    assert POLICIES.may_ship("B", 2, "shop") == (1, None, "")
    assert POLICIES.threshold("A", "shop") == (0, None, "")


def test_what_a_channel_may_not_use_is_kept_back_with_the_reason() -> None:
    safe = {
        ("A", 1, ""): NodePolicy(safety_stock=Ruling(3, 7, "seven")),
        ("B", 1, ""): NodePolicy(Ruling(0, 8, "eight")),
    }
    policies = Policies(safe)
    assert _kept_back(policies, "A", 1, "shop", on_hand=9) == (3, "keeps 3 as safety stock (seven)")
    assert _kept_back(policies, "B", 1, "shop", on_hand=9) == (9, "does not ship for shop (eight)")
    assert _kept_back(policies, "B", 1, "", on_hand=9) == (9, "does not ship for this channel (eight)")
    assert _kept_back(policies, "C", 1, "shop", on_hand=9) == (0, "")


def test_customers_collect_at_stores_unless_a_rule_says_otherwise() -> None:
    kinds = ("store", "dark_store", "warehouse", "3pl")
    assert [POLICIES.may_pick_up("C", 1, "", kind=kind).value for kind in kinds] == [1, 1, 0, 0]
    assert POLICIES.may_pick_up("A", 1, "other", kind="warehouse").value == 1
    assert POLICIES.may_pick_up("A", 1, "shop", kind="store") == (0, 9, "")


def test_pools_of_others_are_out_of_reach_as_far_as_they_are_not_used() -> None:
    assert POLICIES.set_aside("A", {"shop"}) == 2
    assert POLICIES.others_pools("A", {"shop"}) == [("group:vip", (2, 4, ""))]
    assert POLICIES.set_aside("A", {"group:vip"}) == 0
    assert POLICIES.others_pools("A", {"group:vip"}) == []
    assert POLICIES.set_aside("B", set()) == 0


# Who takes how much of a pool ---------------------------------------------------------------------------------------

VIP = frozenset({"group:vip", "shop"})


def taker(order: int, quantity: int, audience: frozenset[str] = VIP) -> Taker:
    return Taker((order, 1), "A", audience, quantity)


def test_lines_are_filled_in_sequence_and_only_from_available_stock() -> None:
    pools = [Pool("A", "group:vip", 5, 1, 1), Pool("A", "shop", 1, 0, 2)]
    assert share([taker(1, 3), taker(2, 4), taker(3, 1, frozenset({"b2b"}))], pools, {}) == {
        (1, 1, "A", "group:vip"): 3,
        (2, 1, "A", "group:vip"): 1,
        (2, 1, "A", "shop"): 1,
    }


def test_a_line_keeps_its_units_and_releases_the_ones_it_no_longer_needs() -> None:
    pools = [Pool("A", "group:vip", 5, 5, 1)]
    had = {(1, 1, "A", "group:vip"): 3, (2, 1, "A", "group:vip"): 2, (1, 1, "A", "gone"): 1}
    assert share([taker(3, 2), taker(1, 2), taker(2, 0)], pools, had) == {
        (1, 1, "A", "gone"): 1,
        (1, 1, "A", "group:vip"): 1,
        (2, 1, "A", "group:vip"): 0,
        (3, 1, "A", "group:vip"): 2,
    }
    assert share([taker(1, 4)], [Pool("A", "group:vip", 1, 3, 1)], had) == {
        (1, 1, "A", "gone"): 1,
        (1, 1, "A", "group:vip"): 3,
    }
