"""Read the returns page: in transit, to be inspected, in doubt, done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.analytics.model import ReturnStage
from doorstep.domain.analytics.store import returns as store
from doorstep.domain.analytics.store.returns import SORTING, ReturnRow
from doorstep.domain.analytics.views import order as order_page
from doorstep.domain.analytics.views.order import OrderDetail, Return
from doorstep.domain.returns.model import ReturnLocation
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["SORTING", "ReturnRow", "ReturnStage"]

NEWEST = Keyset(limit=100)


def stage(
    tx: ReadTx,
    *,
    stage: ReturnStage,
    location_id: int | None = None,
    page: Keyset = NEWEST,
) -> list[ReturnRow]:
    """A page of the returns of one stage."""
    return store.select_stage(tx, stage, location_id=location_id, page=page)


def counts(tx: ReadTx, *, location_id: int | None = None) -> dict[ReturnStage, int]:
    """Counts of returns by stage; 1000 means 1000 or more."""
    return {each: store.count_stage(tx, each, location_id=location_id) for each in ReturnStage}


@dataclass(frozen=True, slots=True)
class ReturnDetail:
    """One return within its order."""

    order: OrderDetail
    entry: Return

    @property
    def may_receive(self) -> bool:
        return self.entry.summary.custody in {
            ReturnLocation.ADVISED,
            ReturnLocation.IN_TRANSIT,
            ReturnLocation.ARRIVED,
            ReturnLocation.NOT_RETURNED,
        }

    @property
    def may_inspect(self) -> bool:
        return self.entry.summary.custody is ReturnLocation.RECEIVED


def detail(tx: ReadTx, *, return_id: int, now: datetime) -> ReturnDetail:
    """One return for its page; raises NotFound."""
    ids = store.select_order_id(tx, return_id=return_id)
    if not ids:
        raise errors.NotFound(f"There is no return {return_id}.")
    found = order_page.detail(tx, order_id=ids[0], now=now)
    entry = next(each for each in found.returns if each.summary.id == return_id)
    return ReturnDetail(found, entry)
