"""Routing decisions of an order: where its lines went, why, and what the alternatives would have cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from fastapi import APIRouter

from doorstep.delivery.api.access import Calling
from doorstep.domain.analytics.views import decisions as views
from doorstep.domain.analytics.views.decisions import Decision as Reported
from doorstep.domain.identity.model import Permission
from doorstep.kernel.db import ReadTx

router = APIRouter(tags=["Orders"])


@dataclass(frozen=True, slots=True)
class Sent:
    """Units of a line that were assigned to a location."""

    location: str
    line_no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A stored decision. Money is in minor units of `currency`.

    `receipt` explains it: the lines with the candidate locations, the plan's scores, the second-best plan, and what would
    have changed the decision. `best_minor` is the cost of the best plan for the complete day, `actual_minor` the cost of this one;
    both are computed afterwards (null: not yet).
    """

    id: int
    decided_at: datetime
    actor: str
    rules: str
    rules_version: int | None
    currency: str
    sent: list[Sent]
    best_minor: int | None
    actual_minor: int | None
    receipt: dict[str, object]


def _reported(found: Reported, currency: str) -> Decision:
    return Decision(
        found.id,
        found.decided_at,
        found.actor,
        found.row.rules,
        found.version,
        currency,
        [Sent(code, *each) for code, lines in found.sent.items() for each in lines.items()],
        found.row.best_minor,
        found.row.actual_minor,
        msgspec.to_builtins(found.receipt),
    )


@router.get("/orders/{order_id}/decisions")
def order_decisions(calling: Calling, order_id: int) -> list[Decision]:
    """List every routing decision of an order, newest first."""
    calling.principal.require(Permission.ORDERS_READ)
    calling.principal.require(Permission.RULES_READ)

    def look(tx: ReadTx) -> list[Decision]:
        found = views.of_order(tx, order_id=order_id)
        currency = views.currency(tx, order_id=order_id)
        return [_reported(each, currency) for each in found]

    return calling.read(look)
