"""Apply imported availability rules, pre-order settings and kits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Part, Recipe
from doorstep.domain.inventory.actions import imports, promises
from doorstep.domain.inventory.actions import rules as rule_verbs
from doorstep.domain.inventory.actions.imports import Applied
from doorstep.domain.inventory.model.imports import Import
from doorstep.domain.inventory.model.promises import SellAhead, SellAheadMode
from doorstep.domain.inventory.model.rules import RuleKind, Scope, Terms
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku

Rows = Sequence[imports.Cells]
_USUAL_PRECEDENCE = 100


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a file that are applied together; `locations` are by code."""

    file: Import
    rows: Rows
    locations: Mapping[str, LocationId]
    now: datetime


def rules(tx: WriteTx, given: Chunk) -> Applied:
    """Create or change a rule; its key is kind and name."""
    reported = [_rule(row.cells) for row in given.rows]
    changed = rule_verbs.put_named(tx, given=reported, at=given.now)
    return Applied(
        ignored=[
            (row.line_no, "The rule is unchanged.")
            for row, is_new in zip(given.rows, changed, strict=True)
            if not is_new
        ]
    )


def _rule(cells: Sequence[str]) -> tuple[Terms, str]:
    kind, name, value, *named, audience, precedence, active, reason = cells
    skus, styles, categories, locations, location_kinds, channels = (_members(cell) for cell in named)
    scope = Scope(skus, styles, categories, locations, location_kinds, channels)
    rank = int(precedence or _USUAL_PRECEDENCE)
    return Terms(RuleKind(kind), name, int(value), scope, audience, rank, active=active != "no"), reason


def _members(cell: str) -> tuple[str, ...]:
    return tuple(name for part in cell.split(";") if (name := part.strip()))


def sell_ahead(tx: WriteTx, given: Chunk) -> Applied:
    """Set which SKUs may be sold ahead."""
    policies = [
        SellAhead(
            Sku(sku),
            SellAheadMode(mode),
            int(limit) if limit else None,
            _day(start),
            _day(end),
            int(confidence or 0),
        )
        for sku, mode, limit, start, end, confidence in (row.cells for row in given.rows)
    ]
    promises.put_sell_ahead(tx, policies=policies, at=given.now)
    return Applied()


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if cell else None


def parts(tx: WriteTx, given: Chunk) -> Applied:
    """Set the components of kits and B-grade SKUs: the rows of one SKU are its whole recipe."""
    recipes = [
        Recipe(Sku(sku), tuple(_part(row.cells) for row in rows))
        for sku, rows in groupby(given.rows, key=lambda row: row.cells[0])
    ]
    catalog.compose(tx, recipes=recipes)
    return Applied()


def _part(cells: Sequence[str]) -> Part:
    _, sku, condition, units = cells
    return Part(Sku(sku), condition or "new", int(units))
