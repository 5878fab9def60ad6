"""SQL of availability rules as planners write them, and of the values they may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from doorstep.domain.inventory.model.rules import Goods, Rule, RuleKind, Scope, Site, Terms
from doorstep.kernel.db import ReadTx, WriteTx


def lock_rules(tx: WriteTx) -> None:
    """Let one transaction at a time change rules and their effects; readers do not wait."""
    tx.execute("LOCK TABLE atp_rules IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    version: int
    kind: RuleKind
    name: str
    skus: tuple[str, ...]
    styles: tuple[str, ...]
    categories: tuple[str, ...]
    locations: tuple[str, ...]
    location_kinds: tuple[str, ...]
    channels: tuple[str, ...]
    audience: str
    value: int
    precedence: int
    active: bool
    reason: str
    changed_by: str
    changed_at: datetime

    def rule(self) -> Rule:
        scope = Scope(
            self.skus, self.styles, self.categories, self.locations, self.location_kinds, self.channels
        )
        terms = Terms(
            self.kind, self.name, self.value, scope, self.audience, self.precedence, active=self.active
        )
        return Rule(self.id, self.version, terms, self.reason, self.changed_by, self.changed_at)


_TERMS = "kind, name, skus, styles, categories, locations, location_kinds, channels, audience, value, precedence, active"
_COLUMNS: LiteralString = f"id, version, {_TERMS}, reason, changed_by, changed_at"


def select_rules(tx: ReadTx) -> list[Rule]:
    """All rules, by kind and in the order of precedence."""
    rows = tx.all(_Row, f"SELECT {_COLUMNS} FROM atp_rules ORDER BY kind, precedence, id DESC")
    return [row.rule() for row in rows]


def select_rule(tx: ReadTx, *, rule_id: int) -> Rule | None:
    """One rule."""
    row = tx.one(_Row, f"SELECT {_COLUMNS} FROM atp_rules WHERE id = %s", (rule_id,))
    return None if row is None else row.rule()


def select_names(tx: ReadTx) -> dict[int, str]:
    """The names of all rules."""
    rows = tx.rows("SELECT id, name FROM atp_rules")
    return {int(str(row["id"])): str(row["name"]) for row in rows}


def _values(terms: Terms) -> tuple[object, ...]:
    scope = terms.scope
    lists = (
        scope.skus,
        scope.styles,
        scope.categories,
        scope.locations,
        scope.location_kinds,
        scope.channels,
    )
    named = [list(each) for each in lists]
    return (
        terms.kind.value,
        terms.name,
        *named,
        terms.audience,
        terms.value,
        terms.precedence,
        terms.active,
    )


def insert_rule(tx: WriteTx, terms: Terms, *, reason: str, at: datetime) -> int:
    """Store a new rule; returns its id."""
    return tx.value(
        int,
        f"""
        INSERT INTO atp_rules ({_TERMS}, reason, changed_by, changed_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (*_values(terms), reason, tx.actor, at),
    )


def update_rule(tx: WriteTx, terms: Terms, *, rule_id: int, reason: str, at: datetime) -> None:
    """Store the next version of a rule."""
    tx.execute(
        f"""
        UPDATE atp_rules SET ({_TERMS}, reason, changed_by, changed_at, version)
             = (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, version + 1)
         WHERE id = %s
        """,
        (*_values(terms), reason, tx.actor, at, rule_id),
    )


def select_goods(tx: ReadTx, *, sku: str) -> Goods | None:
    """A SKU with the attributes that rules use."""
    return tx.one(Goods, "SELECT sku, style, category FROM skus WHERE sku = %s", (sku,))


def select_sites(tx: ReadTx) -> list[Site]:
    """Locations with the attributes that rules use."""
    return tx.all(Site, "SELECT code, kind FROM locations ORDER BY id")


@dataclass(frozen=True, slots=True)
class Names:
    """The values that a rule may use."""

    styles: tuple[str, ...]
    categories: tuple[str, ...]


def select_goods_names(tx: ReadTx) -> Names:
    """All styles and categories of the catalog."""
    return tx.value(
        Names,
        """
        SELECT json_build_object(
            'styles', (SELECT coalesce(json_agg(DISTINCT style ORDER BY style) FILTER (WHERE style <> ''), '[]') FROM skus),
            'categories', (SELECT coalesce(json_agg(DISTINCT category ORDER BY category) FILTER (WHERE category <> ''), '[]')
                             FROM skus))
        """,
    )


def select_unknown_skus(tx: ReadTx, *, skus: Sequence[str]) -> list[str]:
    """Which of these are not in the catalog."""
    return tx.column(
        str,
        "SELECT sku FROM unnest(%s::text[]) AS named(sku) EXCEPT SELECT sku FROM skus ORDER BY sku",
        (list(skus),),
    )


def select_unknown_codes(tx: ReadTx, *, codes: Sequence[str]) -> list[str]:
    """Which of these locations do not exist."""
    return tx.column(
        str,
        "SELECT code FROM unnest(%s::text[]) AS named(code) EXCEPT SELECT code FROM locations ORDER BY code",
        (list(codes),),
    )
