"""Lists of availability rules, one for each kind, and of the stock sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from doorstep.delivery.console import lists
from doorstep.delivery.console.availability_rules.sentences import scope_words, value_words
from doorstep.delivery.console.badges import Badge
from doorstep.delivery.console.cells import At, Cell, Count, Link, Status, Text
from doorstep.delivery.console.lists import Column, ListPage, Query, Slice, Sortable
from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.model.rules import Rule, RuleKind
from doorstep.domain.inventory.views import freshness as sources
from doorstep.domain.inventory.views import rules as view
from doorstep.domain.network.model import Location
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.i18n import mark as _m
from doorstep.kernel.i18n import plural

ON, OFF = Badge(_m("On"), "success", "check"), Badge(_m("Off"), "neutral", "circle")
OVERDUE = Badge(_m("Overdue: stock unknown"), "danger", "alert")
UP_TO_DATE = Badge(_m("Up to date"), "success", "check")
_NEVER = datetime.min.replace(tzinfo=UTC)
_KEYS: Mapping[str, Callable[[Rule], Sortable]] = {
    "name": lambda row: row.terms.name.casefold(),
    "value": lambda row: row.terms.value,
    "precedence": lambda row: row.terms.precedence,
    "active": lambda row: row.terms.active,
    "changed_at": lambda row: row.changed_at,
}


def rule_list(kind: RuleKind) -> ListPage[Rule]:
    """The rules of a kind in order of precedence, or in the one that the address asks for."""

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[Rule]:
        rules = [each for each in view.rules(tx) if each.terms.kind is kind]
        return lists.whole(rules, query, _KEYS)

    return ListPage(
        path="/availability-rules",
        name=kind.value,
        columns=(
            Column(
                _m("Rule"),
                lambda row: Link(row.terms.name, f"/availability-rules/{row.id}", "strong"),
                "clip s1",
                "name",
            ),
            Column(
                _m("Value"),
                lambda row: Text(value_words(row.terms), value=str(row.terms.value)),
                "s3",
                "value",
            ),
            Column(_m("Applies to"), lambda row: Text(" · ".join(scope_words(row.terms))), "s5"),
            Column(_m("Precedence"), lambda row: Count(row.terms.precedence), "num s4", "precedence"),
            Column(_m("Status"), lambda row: Status(ON if row.terms.active else OFF), "s2", "active"),
            Column(_m("Changed"), _changed, "clip s7", "changed_at"),
            Column(_m("Reason"), lambda row: lists.text(row.reason), only_in_file=True),
        ),
        fetch=fetch,
        noun=plural("{n} rule", "{n} rules"),
        look="rules",
        href=lambda row: f"/availability-rules/{row.id}",
    )


def _changed(row: Rule) -> Sequence[Cell]:
    return [At(row.changed_at), Text(row.reason, "muted", value="", title=row.reason)]


def source_list(locations: Mapping[int, Location], now: datetime) -> ListPage[StockSource]:
    """Systems that report the stock of a location."""
    keys: Mapping[str, Callable[[StockSource], Sortable]] = {
        "name": lambda row: row.name.casefold(),
        "location": lambda row: locations[row.location_id].name,
        "max_age_seconds": lambda row: row.max_age_seconds,
        "last_update_at": lambda row: row.last_update_at or _NEVER,
    }

    def fetch(tx: ReadTx, query: Query, _limit: int) -> Slice[StockSource]:
        return lists.whole(sources.sources(tx), query, keys)

    def update(row: StockSource) -> Cell:
        return At(row.last_update_at) if row.last_update_at else Text(_("never"), "muted", value="")

    return ListPage(
        path="/availability-rules",
        name="sources",
        columns=(
            Column(_m("Source"), lambda row: Text(row.name, "strong"), "s1", "name"),
            Column(_m("Location"), lambda row: Text(locations[row.location_id].name), "s3", "location"),
            Column(
                _m("Overdue after (min)"),
                lambda row: Count(round(row.max_age_seconds / 60)),
                "num s4",
                "max_age_seconds",
            ),
            Column(_m("Last update"), update, "s5", "last_update_at"),
            Column(_m("Status"), lambda row: Status(OVERDUE if row.is_silent(now) else UP_TO_DATE), "s2"),
        ),
        fetch=fetch,
        noun=plural("{n} source", "{n} sources"),
    )
