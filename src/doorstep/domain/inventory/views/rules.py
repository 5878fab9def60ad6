"""Read availability rules, their results, and which rule wins where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat

from doorstep.domain.inventory.model.policies import NONE, YES, NodePolicy, Policies, Pool, Ruling
from doorstep.domain.inventory.model.rules import EVERY_CHANNEL, Rule, RuleKind, matching_rules
from doorstep.domain.inventory.store import policies as policy_store
from doorstep.domain.inventory.store import pools as pool_store
from doorstep.domain.inventory.store import rules as store
from doorstep.domain.inventory.store.policies import Setting
from doorstep.domain.inventory.store.rules import Names
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["Names"]


def rules(tx: ReadTx) -> list[Rule]:
    """Every rule by kind, in order of precedence."""
    return store.select_rules(tx)


def rule(tx: ReadTx, *, rule_id: int) -> Rule:
    """One rule; raises NotFound."""
    found = store.select_rule(tx, rule_id=rule_id)
    if found is None:
        raise errors.NotFound(f"There is no availability rule {rule_id}.")
    return found


def names(tx: ReadTx) -> Names:
    """Styles and categories that a rule may name."""
    return store.select_goods_names(tx)


def policies(tx: ReadTx, *, skus: Iterable[str], channels: Iterable[str]) -> Policies:
    """Results of the rules for these SKUs and channels: four small statements for any number of them."""
    wanted, asking = sorted(set(skus)), sorted({EVERY_CHANNEL, *channels})
    settings = policy_store.select_settings(tx, skus=wanted, channels=asking)
    thresholds = policy_store.select_channels(tx, skus=wanted, channels=asking)
    pools: dict[str, tuple[Pool, ...]] = {}
    for pool in pool_store.select_pools(tx, skus=wanted):
        pools[pool.sku] = (*pools.get(pool.sku, ()), pool)
    if not (settings or thresholds or pools):
        return Policies()
    names = store.select_names(tx)
    nodes: dict[tuple[str, int, str], NodePolicy] = {}
    for each in settings:
        ruled = _node_policy(each, names)
        nodes.update(dict.fromkeys(zip(each.skus, each.locations, repeat(each.channel)), ruled))
    return Policies(nodes, {(each.sku, each.channel): each for each in thresholds}, pools, names)


def _node_policy(found: Setting, names: Mapping[int, str]) -> NodePolicy:
    """Excluded is stronger than allowed; without a rule the default applies."""

    def ruling(value: int | None, rule_id: int | None) -> Ruling | None:
        return (
            None if value is None or rule_id is None else Ruling(int(value), rule_id, names.get(rule_id, ""))
        )

    safety = ruling(found.safety_stock, found.safety_stock_rule) or NONE
    if found.exclude:
        barred = ruling(0, found.exclude_rule)
        return NodePolicy(barred or NONE, barred, safety)
    ship = ruling(found.allow_ship, found.allow_ship_rule) or YES
    return NodePolicy(ship, ruling(found.allow_pickup, found.allow_pickup_rule), safety)


def competing(
    tx: ReadTx, *, kind: RuleKind, sku: str, location: str = "", channel: str = EVERY_CHANNEL
) -> list[Rule]:
    """Every active rule of a kind that applies to this SKU (there, for this channel), the deciding one first."""
    goods = store.select_goods(tx, sku=sku)
    if goods is None:
        raise errors.NotFound(f"The catalog does not have {sku}.")
    site = next((each for each in store.select_sites(tx) if each.code == location), None)
    of_kind = [each for each in store.select_rules(tx) if each.terms.kind is kind]
    return matching_rules(of_kind, goods=goods, site=site, channel=channel)
