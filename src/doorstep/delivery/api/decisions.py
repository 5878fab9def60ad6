"""Decisions of routing on an order: where its lines went, why, and what it would have been elsewhere."""

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
    """Pieces of a line that a location was given."""

    location: str
    line_no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it was written down. Money is minor units of `currency`.

    `receipt` holds the lines with the locations that were considered, the plan's scores, the plan that came second and what would
    have turned the decision. `best_minor` is what the best plan of the whole day costs, `actual_minor` what this one does, both
    known afterwards (null: not yet).
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
    """Every decision of routing on an order, newest first."""
    calling.principal.require(Permission.ORDERS_READ)
    calling.principal.require(Permission.RULES_READ)

    def look(tx: ReadTx) -> list[Decision]:
        found = views.of_order(tx, order_id=order_id)
        currency = views.currency(tx, order_id=order_id)
        return [_reported(each, currency) for each in found]

    return calling.read(look)
