"""Availability rules for SKUs, locations and channels, and which rule wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors

EVERY_CHANNEL = ""
_GROUP = "group:"


class RuleKind(StrEnum):
    """What a rule sets."""

    SAFETY_STOCK = "safety_stock"
    THRESHOLD = "threshold"
    ALLOW_SHIP = "allow_ship"
    ALLOW_PICKUP = "allow_pickup"
    EXCLUDE = "exclude"
    POOL = "pool"


# Set per SKU, location and channel; the others per SKU and channel (threshold) or SKU and audience (pool).
NODE_KINDS = (RuleKind.SAFETY_STOCK, RuleKind.ALLOW_SHIP, RuleKind.ALLOW_PICKUP, RuleKind.EXCLUDE)
_YES_OR_NO = frozenset({RuleKind.ALLOW_SHIP, RuleKind.ALLOW_PICKUP, RuleKind.EXCLUDE})


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a rule. Any matching name of the SKU and of the location is enough; no names means all."""

    skus: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    location_kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def names_goods(self) -> bool:
        return bool(self.skus or self.styles or self.categories)

    @property
    def names_locations(self) -> bool:
        return bool(self.locations or self.location_kinds)


EVERYTHING = Scope()


def reach(scopes: Iterable[Scope]) -> Scope:
    """The smallest scope that covers all of these: what a change of a rule can affect."""
    given = list(scopes)
    goods = all(scope.names_goods for scope in given)
    locations = all(scope.names_locations for scope in given)
    return Scope(
        skus=_union(scope.skus for scope in given) if goods else (),
        styles=_union(scope.styles for scope in given) if goods else (),
        categories=_union(scope.categories for scope in given) if goods else (),
        locations=_union(scope.locations for scope in given) if locations else (),
        location_kinds=_union(scope.location_kinds for scope in given) if locations else (),
    )


def _union(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for each in names for name in each}))


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a rule. `value` is units, or 1 and 0 for yes and no; `audience` is the audience of a pool."""

    kind: RuleKind
    name: str
    value: int
    scope: Scope = field(default=EVERYTHING)
    audience: str = ""
    precedence: int = 100
    active: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A stored rule: version, and who changed it last, when and why."""

    id: int
    version: int
    terms: Terms
    reason: str
    changed_by: str
    changed_at: datetime


def audience_of_group(group: str) -> str:
    """The audience name of a customer group: vip becomes group:vip."""
    return f"{_GROUP}{group}"


def audiences(*, channel: str, group: str) -> frozenset[str]:
    """The audiences of a buyer."""
    return frozenset({channel} if channel else ()) | ({audience_of_group(group)} if group else frozenset())


def check_terms(terms: Terms) -> None:
    """Raise Invalid for a rule without effect, or with more than its kind allows."""
    if not terms.name.strip():
        raise errors.Invalid("Enter a name that says what the rule is for.", field="name")
    if terms.value < 0:
        raise errors.Invalid("Enter a value of 0 or more.", field="value")
    if terms.kind in _YES_OR_NO and terms.value > 1:
        raise errors.Invalid("Enter 1 (yes) or 0 (no) for this rule type.", field="value")
    if terms.kind not in NODE_KINDS and terms.scope.names_locations:
        raise errors.Invalid(
            f"A {terms.kind.value} rule applies to the whole network: remove the locations.",
            field="locations",
        )
    _check_audience(terms)


def _check_audience(terms: Terms) -> None:
    if terms.kind is not RuleKind.POOL:
        if terms.audience:
            raise errors.Invalid("Only a pool has an audience: remove it.", field="audience")
        return
    if not terms.audience.removeprefix(_GROUP).strip():
        raise errors.Invalid(
            "Enter the audience of the pool: a channel's key, or group:vip for a customer group.",
            field="audience",
        )
    if terms.scope.channels:
        raise errors.Invalid("A pool is for its audience: enter that instead of channels.", field="channels")


@dataclass(frozen=True, slots=True)
class Goods:
    """The attributes of a SKU that rules use."""

    sku: str
    style: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """The attributes of a location that rules use."""

    code: str
    kind: str


Rank = tuple[int, int, int, int, int]


def rank(rule: Rule, *, goods: Goods, site: Site | None, channel: str) -> Rank | None:
    """How strong a rule is here, smaller is stronger; None where it does not apply.

    Lower precedence first; then the more specific: SKU > style > category > all, named location > kind > all,
    named channel > all; then the newer. `site` is None for what holds for the whole network.
    """
    scope = rule.terms.scope
    what = _rank_goods(scope, goods)
    where = _rank_site(scope, site)
    for_whom = (0 if channel in scope.channels else None) if scope.channels else 1
    if what is None or where is None or for_whom is None:
        return None
    return (rule.terms.precedence, what, where, for_whom, -rule.id)


def _rank_goods(scope: Scope, goods: Goods) -> int | None:
    if not scope.names_goods:
        return 3
    fits = (goods.sku in scope.skus, goods.style in scope.styles, goods.category in scope.categories)
    return fits.index(True) if True in fits else None


def _rank_site(scope: Scope, site: Site | None) -> int | None:
    if not scope.names_locations:
        return 2
    if site is None:
        return None
    fits = (site.code in scope.locations, site.kind in scope.location_kinds)
    return fits.index(True) if True in fits else None


def matching_rules(
    rules: Iterable[Rule], *, goods: Goods, site: Site | None, channel: str = EVERY_CHANNEL
) -> list[Rule]:
    """The active rules that apply here, the deciding one first. Pass rules of one kind (and audience)."""
    ranked = [
        (order, rule)
        for rule in rules
        if rule.terms.active and (order := rank(rule, goods=goods, site=site, channel=channel)) is not None
    ]
    return [rule for _, rule in sorted(ranked, key=lambda each: each[0])]
