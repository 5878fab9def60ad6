"""What connections in shadow mode would have sent, compared with what others did; and catching up when they go live."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.connections.model.comparison import Operation, Result
from doorstep.domain.connections.views import comparisons
from doorstep.domain.connections.views.comparisons import Comparison, Filter, Total
from doorstep.flows import operations
from doorstep.kernel.db import ReadTx

router = APIRouter(tags=["Connections"])


class ShadowComparison(BaseModel):
    """A call that a connection in shadow mode did not make, or what only others did, with the facts of both sides."""

    id: int
    operation: Operation
    reference: str = Field(description="Our reference of the call, the SKU, or the partner's id.")
    order_id: int | None
    occurred_at: dt.datetime
    result: Result = Field(description="open: it cannot be compared yet; `reason` says why.")
    reason: str
    ours: dict[str, str]
    theirs: dict[str, str]
    differs: list[str] = Field(description="The facts that differ.")
    compared_at: dt.datetime
    ended: Literal["", "sent", "discarded"] = Field(
        description="What became of the call; empty while it is kept."
    )


class ComparisonFilter(Paging):
    """Which comparisons to list."""

    operation: Operation | None = Field(None, description="Only calls of this kind.")
    result: Result | None = Field(None, description="Only those that compare so.")
    day: dt.date | None = Field(None, description="Only those of this day (UTC).")


class ComparisonTotal(BaseModel):
    """How many calls of an operation and a day (UTC) compare in a way, and how many of these are kept still."""

    operation: Operation
    day: dt.date
    result: Result
    count: int
    kept: int


class CaughtUp(BaseModel):
    """How many calls are sent now, were discarded because others had done them, and are kept for a person to decide."""

    sent: int
    discarded: int
    left: int


def _shape(row: Comparison) -> ShadowComparison:
    return ShadowComparison(
        id=row.id,
        operation=row.operation,
        reference=row.reference,
        order_id=row.order_id,
        occurred_at=row.occurred_at,
        result=row.result,
        reason=row.reason.english(),
        ours={name.value: value for name, value in row.ours.items()},
        theirs={name.value: value for name, value in row.theirs.items()},
        differs=[name.value for name in row.differs],
        compared_at=row.compared_at,
        ended="sent" if row.ended == "sent" else "discarded" if row.ended else "",
    )


def total(row: Total) -> ComparisonTotal:
    """The shape of a total."""
    return ComparisonTotal(
        operation=row.operation, day=row.day, result=row.result, count=row.count, kept=row.kept
    )


@router.get("/connections/{key}/comparisons")
def list_comparisons(
    calling: Calling, key: str, wanted: Annotated[ComparisonFilter, Query()]
) -> Page[ShadowComparison]:
    """List what a connection in shadow mode would have sent, compared with what others did; newest first."""
    after = paging.after(comparisons.SORTING, wanted.cursor, comparisons.NEWEST.sort)
    page = replace(comparisons.NEWEST, after=after, limit=wanted.limit + 1)

    def fetch(tx: ReadTx) -> list[Comparison]:
        connection = operations.connection_of(tx, key)
        filters = Filter(connection.id, wanted.operation or "", wanted.result or "", wanted.day)
        return comparisons.listed(tx, wanted=filters, page=page)

    return paging.page(
        calling.read(fetch),
        _shape,
        lambda row: comparisons.SORTING.cursor_of(row, comparisons.NEWEST.sort),
        limit=wanted.limit,
    )


@router.get("/connections/{key}/comparison-totals")
def list_comparison_totals(calling: Calling, key: str) -> list[ComparisonTotal]:
    """Count the comparisons of a connection by operation, day and result, newest day first."""

    def fetch(tx: ReadTx) -> list[Total]:
        return comparisons.totals(tx, connection_id=operations.connection_of(tx, key).id)

    return [total(each) for each in calling.read(fetch)]


@router.get("/connections/{key}/comparisons/{comparison_id}")
def get_comparison(calling: Calling, key: str, comparison_id: int) -> ShadowComparison:
    """Show one comparison."""

    def fetch(tx: ReadTx) -> Comparison:
        connection = operations.connection_of(tx, key)
        return comparisons.one(tx, connection_id=connection.id, comparison_id=comparison_id)

    return _shape(calling.read(fetch))


@router.post("/connections/{key}/unsent-calls/catch-up")
def send_missing_calls(calling: Calling, key: str) -> CaughtUp:
    """Send the calls that only Doorstep has, and discard those that others did just so. What differs or is not compared stays."""
    done = calling.write(lambda tx: operations.catch_up(tx, key=key))
    return CaughtUp(sent=done.sent, discarded=done.discarded, left=done.left)
