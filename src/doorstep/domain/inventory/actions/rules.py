"""Verbs of availability rules: a change is computed at once, for the SKUs and locations it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.model.rules import (
    EVERYTHING,
    NODE_KINDS,
    Rule,
    RuleKind,
    Scope,
    Terms,
    check_terms,
    reach,
)
from doorstep.domain.inventory.store import policies
from doorstep.domain.inventory.store import rules as store
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx

_ALL = frozenset(RuleKind)
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Effect:
    """Number of changed results: positions are SKU × location, the others are SKUs."""

    positions: int = 0
    thresholds: int = 0
    pools: int = 0

    @property
    def total(self) -> int:
        return self.positions + self.thresholds + self.pools


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A new rule (no id), or new terms; `version` is the one that was seen, `reason` says why."""

    terms: Terms
    reason: str
    rule_id: int | None = None
    version: int | None = None


def put(tx: WriteTx, *, change: RuleChange, at: datetime) -> tuple[Rule, Effect]:
    """Write a rule and apply it. Raises Invalid, NotFound, or Conflict if it changed meanwhile."""
    check_terms(change.terms)
    _check_names(tx, change.terms.scope)
    return _store(tx, change, at)


def put_named(tx: WriteTx, *, given: Sequence[tuple[Terms, str]], at: datetime) -> list[bool]:
    """Write rules by kind and name; returns for each whether it changed.

    All of them are applied together. Raises Invalid, or Conflict where a name is ambiguous.
    """
    store.lock_rules(tx)
    known: dict[tuple[RuleKind, str], list[Rule]] = {}
    for rule in store.select_rules(tx):
        known.setdefault((rule.terms.kind, rule.terms.name), []).append(rule)
    changed: list[bool] = []
    touched: list[Scope] = []
    for terms, reason in given:
        named = known.get((terms.kind, terms.name), [])
        if len(named) > 1:
            raise errors.Conflict(f"{len(named)} rules are named {terms.name}: give each its own name.")
        changed.append([(each.terms, each.reason) for each in named] != [(terms, reason)])
        if changed[-1]:
            check_terms(terms)
            _check_names(tx, terms.scope)
            touched += _write(tx, RuleChange(terms, reason, named[0].id if named else None), at)[1]
    if touched:
        _calculate(tx, frozenset(terms.kind for terms, _ in given), reach(touched))
    return changed


def _store(tx: WriteTx, change: RuleChange, at: datetime) -> tuple[Rule, Effect]:
    after, touched = _write(tx, change, at)
    return after, _calculate(tx, frozenset({change.terms.kind}), reach(touched)) if touched else Effect()


def _write(tx: WriteTx, change: RuleChange, at: datetime) -> tuple[Rule, list[Scope]]:
    """Store a rule; returns it with the scopes to recompute."""
    if not change.reason.strip():
        raise errors.Invalid("Enter a reason: it is shown with the rule.", field="reason")
    store.lock_rules(tx)
    before = None if change.rule_id is None else _current(tx, change.rule_id, change.version)
    if before is None:
        rule_id = store.insert_rule(tx, change.terms, reason=change.reason, at=at)
    else:
        rule_id = before.id
        if before.terms.kind is not change.terms.kind:
            raise errors.Invalid(
                "The type of a rule cannot change: turn it off and create another rule.", field="kind"
            )
        store.update_rule(tx, change.terms, rule_id=rule_id, reason=change.reason, at=at)
    after = _current(tx, rule_id, None)
    event_log.append(tx, [_fact(after, "created" if before is None else "changed")], at=at)
    return after, [rule.terms.scope for rule in (before, after) if rule is not None and rule.terms.active]


def set_active(tx: WriteTx, *, rule_id: int, active: bool, reason: str, at: datetime) -> tuple[Rule, Effect]:
    """Switch a rule on or off, also one that names what no longer exists; rules are never deleted, because answers name them."""
    found = store.select_rule(tx, rule_id=rule_id)
    if found is None:
        raise _missing(rule_id)
    terms = replace(found.terms, active=active)
    return _store(tx, RuleChange(terms, reason, rule_id, found.version), at)


def preview(tx: WriteTx, *, change: RuleChange, at: datetime) -> Effect:
    """How much a change would change; nothing is changed."""
    return tx.preview(lambda: put(tx, change=change, at=at)[1])


def rebuild(tx: WriteTx) -> Effect:
    """Recompute everything from the rules; on a sound system nothing changes."""
    store.lock_rules(tx)
    policies.save_skus(tx)
    policies.save_locations(tx)
    return _calculate(tx, _ALL, EVERYTHING)


def apply_to(tx: WriteTx, *, skus: Sequence[str]) -> Effect:
    """Apply the rules to SKUs that this transaction created or changed, so that they never sell without them."""
    store.lock_rules(tx)
    changed = policies.save_skus(tx, skus=skus)
    return _calculate(tx, _ALL, Scope(skus=tuple(changed))) if changed else Effect()


def apply_to_locations(tx: WriteTx) -> Effect:
    """Apply the rules to locations that this transaction created or changed."""
    store.lock_rules(tx)
    codes = policies.save_locations(tx)
    return _calculate(tx, _ALL, Scope(locations=tuple(codes))) if codes else Effect()


def catch_up(tx: WriteTx) -> Effect:
    """Compute rules for new or changed SKUs and locations. Costs one comparison when there are none."""
    if not policies.is_behind(tx):
        return Effect()
    store.lock_rules(tx)
    skus, codes = policies.save_skus(tx), policies.save_locations(tx)
    effects = []
    if skus:
        effects.append(_calculate(tx, _ALL, Scope(skus=tuple(skus))))
    if codes:
        effects.append(_calculate(tx, _ALL, Scope(locations=tuple(codes))))
    return _sum(effects)


def _calculate(tx: WriteTx, kinds: frozenset[RuleKind], within: Scope) -> Effect:
    """Recompute the tables of these kinds of rules, some thousand SKUs at a time."""
    effects = []
    skus = policies.select_touched(tx, within=within)
    for start in range(0, len(skus), _AT_ONCE):
        some = replace(within, skus=tuple(skus[start : start + _AT_ONCE]), styles=(), categories=())
        effects.append(
            Effect(
                policies.calculate_nodes(tx, within=some) if not kinds.isdisjoint(NODE_KINDS) else 0,
                policies.calculate_channels(tx, within=some) if RuleKind.THRESHOLD in kinds else 0,
                policies.calculate_pools(tx, within=some) if RuleKind.POOL in kinds else 0,
            )
        )
    return _sum(effects)


def _sum(effects: Sequence[Effect]) -> Effect:
    return Effect(
        sum(each.positions for each in effects),
        sum(each.thresholds for each in effects),
        sum(each.pools for each in effects),
    )


def _current(tx: WriteTx, rule_id: int, version: int | None) -> Rule:
    found = store.select_rule(tx, rule_id=rule_id)
    if found is None:
        raise _missing(rule_id)
    if version is not None and version != found.version:
        raise errors.Conflict(
            f"{found.terms.name} was changed by {found.changed_by} meanwhile: reload and try again.",
            version=found.version,
        )
    return found


def _missing(rule_id: int) -> errors.NotFound:
    return errors.NotFound(f"There is no availability rule {rule_id}.")


def _check_names(tx: WriteTx, scope: Scope) -> None:
    """Reject rules about what does not exist: it would be an unnoticed typing error."""
    unknown = store.select_unknown_skus(tx, skus=scope.skus)
    if unknown:
        raise errors.Invalid(f"The catalog does not have {', '.join(unknown[:5])}.", field="skus")
    unknown = store.select_unknown_codes(tx, codes=scope.locations)
    if unknown:
        raise errors.Invalid(f"The network does not have {', '.join(unknown[:5])}.", field="locations")


def _fact(rule: Rule, change: str) -> events.RuleChanged:
    terms, scope = rule.terms, rule.terms.scope
    return events.RuleChanged(
        atp_rule_id=rule.id,
        version=rule.version,
        change=change,
        kind=terms.kind.value,
        name=terms.name,
        value=terms.value,
        audience=terms.audience,
        precedence=terms.precedence,
        active=terms.active,
        skus=scope.skus,
        styles=scope.styles,
        categories=scope.categories,
        locations=scope.locations,
        location_kinds=scope.location_kinds,
        channels=scope.channels,
        reason=rule.reason,
    )
