"""Recall released work so that it can be re-routed."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import warehouse
from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.domain.fulfillment.model.warehouse import CancelFor
from doorstep.flows.fulfillment import commands, fulfill
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId


def request(
    tx: WriteTx,
    *,
    fulfillment_order_id: FulfillmentOrderId,
    why: str,
    now: datetime,
    version: int | None = None,
) -> bool:
    """Recall released work: at once if it is not accepted, else the location is asked. Returns whether it was recalled at once."""
    if not why.strip():
        raise errors.Invalid("Enter a reason: the location reads it.", field="why")
    command = commands.locked_command(tx, fulfillment_order_id, version, now, for_warehouse=True)
    work = fulfillment.request_recall(tx, command=command, why=why.strip())
    order = work_views.at_warehouse(tx, fulfillment_order_ids=[work.id]).get(work.id)
    if order is not None and warehouse.is_there(order):
        place, reason = command.location, why.strip()
        warehouse.ask_cancel(tx, order=order, location=place, why=CancelFor.RECALL, reason=reason, at=now)
        return False
    if work.state is State.OPEN:
        asked = RejectReason.RECALLED
        fulfill.reject_for_warehouse(
            tx, fulfillment_order_id=fulfillment_order_id, reason=asked, note=why.strip(), now=now
        )
    return work.state is State.OPEN


def decline(tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, note: str, now: datetime) -> None:
    """The location declines the recall and keeps the work."""
    fulfillment.decline_recall(
        tx, command=commands.locked_command(tx, fulfillment_order_id, None, now), note=note.strip()
    )
