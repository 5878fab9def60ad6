"""What a warehouse gets to ship a fulfillment order."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.analytics.views import work as ship_by_view
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model.warehouse import (
    FulfillmentRequest,
    Recipient,
    RequestedLine,
    WarehouseOrder,
)
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import Address
from doorstep.kernel.db import ReadTx


def of_order(tx: ReadTx, *, order: WarehouseOrder, now: datetime) -> FulfillmentRequest:
    """Everything that it needs: lines, recipient, and when the parcel must leave."""
    found = order_views.order(tx, order_id=order.order_id)
    work = work_views.work(tx, fulfillment_order_id=order.fulfillment_order_id)
    card = ship_by_view.job(tx, fulfillment_order_id=order.fulfillment_order_id, now=now).card
    lines = [
        RequestedLine(str(line.line_no), line.sku, found.line(line.line_no).title, line.quantity)
        for line in work.lines
    ]
    return FulfillmentRequest(
        reference=order.reference,
        warehouse=order.warehouse,
        order_number=found.header.number,
        ordered_at=found.header.placed_at,
        ship_by=card.ship_by,
        service=found.header.shipping_method,
        note=found.header.note,
        recipient=_recipient(found.shipping_address),
        lines=tuple(lines),
    )


def _recipient(to: Address) -> Recipient:
    return Recipient(
        to.name, to.company, to.line1, to.line2, to.city, to.state_code or to.state, to.postal_code, to.country, to.phone,
        to.email,
    )  # fmt: skip
