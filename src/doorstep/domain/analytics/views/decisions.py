"""Read routing decisions for users: who triggered them, the result, and the alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.analytics.store import decisions as store
from doorstep.domain.analytics.store import order as order_store
from doorstep.domain.analytics.store.decisions import RelatedOrder, Site
from doorstep.domain.analytics.store.order import Work
from doorstep.domain.fulfillment import views as fulfillment
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.model.explanation import Explanation, LineExplanation
from doorstep.domain.routing.views import DecisionRow
from doorstep.domain.routing.views import rules as rule_views
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import ReadTx
from doorstep.kernel.event_log import Event
from doorstep.kernel.ids import whole_number

__all__ = ["RelatedOrder", "Site"]

_DECIDED = frozenset({"order.allocated", "order.short", "order.replanned"})


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on an order. `version` is the number of its rule set (None: the default rules).

    `actor` triggered it ("" if not recorded); `sent` are the units by line that each location was given, by its code;
    `sites` are the locations that the explanation names, by code, `together` the orders whose parcel it joins.
    """

    row: DecisionRow
    version: int | None
    actor: str
    sent: Mapping[str, Mapping[int, int]]
    sites: Mapping[str, Site]
    together: Sequence[RelatedOrder]

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def decided_at(self) -> datetime:
        return self.row.decided_at

    @property
    def explanation(self) -> Explanation:
        return self.row.explanation

    @property
    def has_figures(self) -> bool:
        """Whether the explanation has numbers; those of the first version have sentences only."""
        return self.explanation.v > 1

    def lacking(self, line: LineExplanation) -> int:
        """Units of a line that got no location by this decision."""
        return max(0, line.quantity - sum(each.get(line.line_no, 0) for each in self.sent.values()))

    def name(self, code: str) -> str:
        """The display name of a location."""
        return self.sites[code].name if code in self.sites else code


def of_order(tx: ReadTx, *, order_id: int) -> list[Decision]:
    """Every decision on an order, newest first; raises NotFound."""
    if order_store.select_header(tx, order_id=order_id) is None:
        raise errors.NotFound(f"There is no order {order_id}.")
    works = order_store.select_work(tx, order_id=order_id)
    recorded = event_log.of_stream(tx, stream="order", stream_id=order_id)
    return described(tx, rows=routing.decisions(tx, order_id=order_id), works=works, recorded=recorded)


def is_promised(tx: ReadTx, *, order_id: int) -> bool:
    """Whether the channel promised a delivery time."""
    header = order_store.select_header(tx, order_id=order_id)
    return header is not None and header.promised_at is not None


def of_work(tx: ReadTx, *, fulfillment_order_id: int) -> Decision | None:
    """The decision that gave a location its work; None if none is on record. Raises NotFound."""
    work = fulfillment.work(tx, fulfillment_order_id=fulfillment_order_id)
    return next((each for each in of_order(tx, order_id=work.order_id) if each.id == work.decision_id), None)


def described(
    tx: ReadTx, *, rows: Sequence[DecisionRow], works: Sequence[Work], recorded: Sequence[Event]
) -> list[Decision]:
    """Decisions on one order, with data from its work and its events."""
    if not rows:
        return []
    sites = {each.code: each for each in store.select_sites(tx)}
    related = {
        each.id: each
        for each in store.select_related_orders(
            tx, ids=sorted({one for row in rows for one in row.explanation.together})
        )
    }
    actors = {each.occurred_at: each.actor for each in recorded if each.type in _DECIDED}
    return [
        Decision(
            row,
            version_of(row.rules),
            actors.get(row.decided_at, ""),
            _sent(row, works),
            {code: sites[code] for code in sorted(_named(row, works)) if code in sites},
            [related[one] for one in row.explanation.together if one in related],
        )
        for row in rows
    ]


def exported(decision: Decision) -> dict[str, object]:
    """A decision for export: its explanation as stored, and its related data."""
    return {
        "id": decision.id,
        "decided_at": decision.decided_at,
        "actor": decision.actor,
        "rules": decision.row.rules,
        "rules_version": decision.version,
        "sent": [
            {"location": code, "line_no": line_no, "quantity": quantity}
            for code, lines in decision.sent.items()
            for line_no, quantity in lines.items()
        ],
        "best_minor": decision.row.best_minor,
        "actual_minor": decision.row.actual_minor,
        "explanation": decision.explanation,
    }


def version_of(rules: str) -> int | None:
    """The number of the rule set version that an explanation names."""
    _, _, number = rules.rpartition(" ")
    return whole_number(number) if number != rules else None


def currency(tx: ReadTx, *, order_id: int) -> str:
    """The currency of explanations: that of the active rules, or else of the rates, or else of the order."""
    return rule_views.compiled_rules(tx).document.currency or store.select_currency(tx, order_id=order_id)


def _sent(row: DecisionRow, works: Sequence[Work]) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for work in works:
        if work.decision_id == row.id:
            units = found.setdefault(work.location.code, {})
            for line in work.lines:
                units[line.line_no] = units.get(line.line_no, 0) + line.quantity
    return found


def _named(row: DecisionRow, works: Sequence[Work]) -> set[str]:
    explanation = row.explanation
    codes = {each.location for line in explanation.lines for each in line.candidates}
    codes |= {work.location.code for work in works if work.decision_id == row.id}
    return codes | set(explanation.runner_up.locations if explanation.runner_up else ())
