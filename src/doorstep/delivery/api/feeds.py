"""Stock feeds from ERP, WMS and POS: up to 10,000 lines per call, each with its own result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import feeds
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.feeds import MOST_LINES, Feed, Mode, StockLine
from doorstep.domain.inventory.views import feeds as views
from doorstep.domain.network import views as network
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId

router = APIRouter(tags=["Feeds"])


class FeedLine(BaseModel):
    """One line: units on hand (set), or a change (delta)."""

    sku: str = Field(description="The SKU.")
    location: str = Field(description="The location's code.")
    quantity: int = Field(description="The quantity on hand, or its change.")
    condition: Condition = Field(Condition.NEW, description="The condition of the units.")


class StockFeed(BaseModel):
    """A stock feed. Send an Idempotency-Key: the same key counts once."""

    source: str = Field(
        min_length=1, max_length=100, description="The system that sends the feed, e.g. pos or wms."
    )
    mode: Mode = Field(description="Whether the lines are complete counts or changes.")
    as_of: datetime | None = Field(
        None, description="When the source read the quantities; later movements are kept. Default: now."
    )
    lines: list[FeedLine] = Field(min_length=1, max_length=MOST_LINES, description="The lines.")


class FeedRow(BaseModel):
    """A feed with its figures."""

    id: int
    source: str
    key: str
    mode: str
    as_of: datetime
    lines: int
    applied: int
    unchanged: int
    ignored: int
    contradicted: int
    refused: int
    received_at: datetime


class UnappliedLine(BaseModel):
    """A line that was not applied as sent."""

    line_no: int
    sku: str
    location: str
    outcome: str
    reason: str


class FeedLineResult(BaseModel):
    """The result of a line of the feed; `on_hand` is the new counter, null where there is none."""

    line_no: int
    sku: str
    location: str
    outcome: str
    on_hand: int | None
    reason: str


class FeedResult(BaseModel):
    """A feed and the result of each line. A repeated feed has no results: nothing happened now."""

    feed: FeedRow
    is_replay: bool
    results: list[FeedLineResult]


class WholeFeed(BaseModel):
    """A feed with the lines that were not applied as sent."""

    feed: FeedRow
    problems: list[UnappliedLine]


def _shown(row: views.FeedRow) -> FeedRow:
    return FeedRow(
        id=row.id,
        source=row.source,
        key=row.key,
        mode=row.mode.value,
        as_of=row.as_of,
        lines=row.lines,
        applied=row.applied,
        unchanged=row.unchanged,
        ignored=row.ignored,
        contradicted=row.contradicted,
        refused=row.refused,
        received_at=row.received_at,
    )


@router.post("/inventory/feeds", status_code=201)
def send_stock_feed(calling: Calling, body: StockFeed) -> FeedResult:
    """Update stock from a source. Invalid lines are rejected with a reason, the others are applied."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    now = calling.app.clock.now()
    as_of = body.as_of or now
    lines = [
        StockLine(number, each.sku, each.location, each.quantity, each.condition)
        for number, each in enumerate(body.lines, start=1)
    ]
    moment = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    feed = Feed(body.source, calling.idempotency_key, body.mode, moment, lines)

    def work(tx: WriteTx) -> FeedResult:
        taken = feeds.apply_feed(tx, feed=feed, locations=_locations(calling, tx), now=now)
        results = [FeedLineResult.model_validate(asdict(each)) for each in taken.results]
        return FeedResult(feed=_shown(taken.feed), is_replay=taken.is_replay, results=results)

    return calling.write(work)


def _locations(calling: Caller, tx: ReadTx) -> Mapping[str, LocationId]:
    """The locations that this client may update."""
    return {
        each.code: each.id
        for each in network.locations(tx).values()
        if calling.scope is None or each.id == calling.scope
    }


@router.get("/inventory/feeds")
def list_stock_feeds(calling: Calling, wanted: Annotated[Paging, Query()]) -> Page[FeedRow]:
    """List feeds, newest first, without the parts of imports."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    return calling.read(
        lambda tx: paging.newest(
            wanted, views.SORTING, lambda page: views.page(tx, wanted=page), _shown, sort="received_at"
        )
    )


@router.get("/inventory/feeds/{feed_id}")
def get_stock_feed(calling: Calling, feed_id: int) -> WholeFeed:
    """Get one feed with the lines that were not applied as sent."""
    calling.principal.require(Permission.CONNECTIONS_READ)

    def fetch(tx: ReadTx) -> WholeFeed:
        problems = [
            UnappliedLine(
                line_no=each.line_no,
                sku=each.sku,
                location=each.location,
                outcome=each.outcome,
                reason=each.reason,
            )
            for each in views.unapplied_lines(tx, feed_id=feed_id)
        ]
        return WholeFeed(feed=_shown(views.row(tx, feed_id=feed_id)), problems=problems)

    return calling.read(fetch)
