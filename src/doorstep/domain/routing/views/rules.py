"""Read rule sets: the compiled active rules, versions, documents, failures."""

from __future__ import annotations

from doorstep.domain.routing.model import rules
from doorstep.domain.routing.model.rules import DEFAULT, DEFAULT_VERSION, CompiledRules, RuleSet
from doorstep.domain.routing.store import rules as store
from doorstep.domain.routing.store.rules import Failure, Version
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["Failure", "Version"]

_MOST_CACHED = 16
_BUILT_IN = rules.compile(DEFAULT, DEFAULT_VERSION)
_cache: dict[
    store.Active, CompiledRules
] = {}  # the key has number and digest, so an entry cannot be outdated


def compiled_rules(tx: ReadTx) -> CompiledRules:
    """The active rule set, compiled: one small statement, as every process caches the last ones."""
    active = store.select_active(tx)
    return _BUILT_IN if active is None else _kept(tx, active)


def compiled_rules_of(tx: ReadTx, *, number: int | None) -> CompiledRules:
    """A version's rules, compiled; the default rules for None. Raises NotFound."""
    if number is None:
        return _BUILT_IN
    named = store.select_named(tx, number=number)
    if named is None:
        raise errors.NotFound(f"There is no version {number} of the rule set.")
    return _kept(tx, named)


def _kept(tx: ReadTx, key: store.Active) -> CompiledRules:
    kept = _cache.get(key)
    if kept is None:
        if len(_cache) >= _MOST_CACHED:
            _cache.clear()
        kept = _cache[key] = _compiled(tx, key.number)
    return kept


def _compiled(tx: ReadTx, number: int) -> CompiledRules:
    document = store.select_document(tx, number=number)
    return rules.compile(document, f"{document.name} {number}", number)


def active_number(tx: ReadTx) -> int | None:
    """The active version; None while the default rules are used."""
    active = store.select_active(tx)
    return None if active is None else active.number


def versions(tx: ReadTx, *, limit: int = 100) -> list[Version]:
    """Versions, newest first."""
    return store.select_versions(tx, limit=limit)


def version(tx: ReadTx, *, number: int) -> Version:
    """One version. Raises NotFound."""
    found = store.select_version(tx, number=number)
    if found is None:
        raise errors.NotFound(f"There is no version {number} of the rule set.")
    return found


def document(tx: ReadTx, *, number: int | None) -> RuleSet:
    """A version's document; the default rules for None. Raises NotFound."""
    if number is None:
        return DEFAULT
    version(tx, number=number)
    return store.select_document(tx, number=number)


def same_costs(tx: ReadTx, *, one: int | None, other: int | None) -> bool:
    """Whether two versions price plans alike; otherwise their costs cannot be compared. None is the default rules."""
    return document(tx, number=one).costs == document(tx, number=other).costs


def failures(tx: ReadTx, *, number: int | None) -> list[Failure]:
    """Conditions of a version that could not be evaluated, latest first."""
    return [] if number is None else store.select_failures(tx, number=number)
