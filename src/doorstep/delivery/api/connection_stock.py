"""Stock levels that sales channels get: listed, sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.views import publishing
from doorstep.domain.inventory.views.publishing import Published
from doorstep.flows.stock import publish
from doorstep.kernel.keyset import Keyset

router = APIRouter(tags=["Connections"])


class PublishedLevel(BaseModel):
    """What a sales channel may sell of a SKU, and what it was sent last."""

    sku: str
    available: int = Field(description="What it may sell now.")
    changed_at: datetime
    sent: int | None = Field(description="What it was sent last; missing if it was never sent.")
    sent_at: datetime | None
    error: str = Field(description="Why the channel refused the SKU; it is not sent until it is sent again.")


class LevelFilter(Paging):
    """Which levels to list."""

    state: Literal["", "waiting", "refused"] = Field("", description="Only those to be sent, or refused.")


class SendAgain(BaseModel):
    """Which levels to send again."""

    skus: list[str] | None = Field(None, description="Without it all of them.", max_length=1_000)


_EVERYTHING = SendAgain(skus=None)


class LevelsSent(BaseModel):
    """How many levels will be sent."""

    levels: int


def _shape(row: Published) -> PublishedLevel:
    return PublishedLevel(
        sku=row.sku,
        available=row.available,
        changed_at=row.changed_at,
        sent=row.sent,
        sent_at=row.sent_at,
        error=row.error,
    )


@router.get("/connections/{key}/stock")
def list_published_stock(
    calling: Calling, key: str, wanted: Annotated[LevelFilter, Query()]
) -> Page[PublishedLevel]:
    """List the stock levels that a sales channel has and gets, by SKU."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    connection = calling.app.registry.by_key(key)
    after = paging.after(publishing.BY_SKU, wanted.cursor, "sku")
    page = Keyset("sku", is_ascending=True, after=after, limit=wanted.limit + 1)
    rows = calling.read(
        lambda tx: publishing.levels(tx, connection_id=connection.id, state=wanted.state, page=page)
    )
    return paging.page(rows, _shape, lambda row: publishing.BY_SKU.cursor_of(row, "sku"), limit=wanted.limit)


@router.post("/connections/{key}/stock/send-again")
def send_published_stock_again(calling: Calling, key: str, wanted: SendAgain = _EVERYTHING) -> LevelsSent:
    """Send stock levels to a sales channel again, also those that it refused. A worker sends them within a minute."""
    connection = calling.app.registry.by_key(key)
    count = calling.write(lambda tx: publish.send_again(tx, connection_id=connection.id, skus=wanted.skus))
    return LevelsSent(levels=count)
