"""Recall released work so that it can be re-routed."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.flows.fulfillment import fulfill
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
    work = fulfillment.request_recall(
        tx, command=fulfill.locked_command(tx, fulfillment_order_id, version, now), why=why.strip()
    )
    if work.state is State.OPEN:
        asked = RejectReason.RECALLED
        fulfill.reject(tx, fulfillment_order_id=fulfillment_order_id, reason=asked, note=why.strip(), now=now)
    return work.state is State.OPEN


def decline(tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, note: str, now: datetime) -> None:
    """The location declines the recall and keeps the work."""
    fulfillment.decline_recall(
        tx, command=fulfill.locked_command(tx, fulfillment_order_id, None, now), note=note.strip()
    )
