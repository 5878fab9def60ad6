"""Map the returns/* webhooks. They contain no time: the trigger's header is their version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from doorstep.domain.returns import model as returns
from doorstep.kernel import errors, parsing

_STATUS = {
    "requested": returns.ReturnRequestStatus.REQUESTED,
    "open": returns.ReturnRequestStatus.OPEN,
    "closed": returns.ReturnRequestStatus.CLOSED,
    "canceled": returns.ReturnRequestStatus.CANCELED,
    "cancelled": returns.ReturnRequestStatus.CANCELED,
    "declined": returns.ReturnRequestStatus.DECLINED,
}
_NO_REASON = frozenset({"", "other", "unknown"})


class Reference(msgspec.Struct, kw_only=True):
    id: int | str


class FulfillmentLineItem(msgspec.Struct, kw_only=True):
    line_item: Reference


class ReturnLineItem(msgspec.Struct, kw_only=True):
    id: int | str
    quantity: int
    fulfillment_line_item: FulfillmentLineItem
    return_reason: str | None = None
    return_reason_note: str | None = None
    customer_note: str | None = None


class Return(msgspec.Struct, kw_only=True):
    """request, approve and decline nest the order; cancel, close and reopen have it flat, and have no lines."""

    id: int | str
    status: str
    name: str | None = None
    order: Reference | None = None
    order_id: int | str | None = None
    return_line_items: list[ReturnLineItem] = []


def parse(topic: str, body: bytes, *, triggered_at: datetime | None) -> Sequence[returns.ReturnSnapshot]:
    """Parse one return; nothing for returns/update bodies, which only list differences. Raises Invalid."""
    document = parsing.parse(body)
    if topic == "returns/update" and "status" not in parsing.shaped(document, dict[str, object]):
        return ()
    reported = parsing.shaped(document, Return)
    order = reported.order_id if reported.order is None else reported.order.id
    if order is None:
        raise errors.Invalid("order.id: the return has no order.", field="order.id")
    if reported.status not in _STATUS:
        raise errors.Invalid(f"status: {reported.status!r} is not a status of a return.", field="status")
    if triggered_at is None:
        raise errors.Invalid("x-shopify-triggered-at: the header is missing.", field="x-shopify-triggered-at")
    if topic == "returns/request" and not reported.return_line_items:
        raise errors.Invalid("return_line_items: a request must have lines.", field="return_line_items")
    return (
        returns.ReturnSnapshot(
            external_id=str(reported.id),
            order_external_id=str(order),
            name=reported.name or "",
            status=_STATUS[reported.status],
            version_at=triggered_at,
            lines=tuple(_line(line) for line in reported.return_line_items),
        ),
    )


def _line(line: ReturnLineItem) -> returns.SnapshotReturnLine:
    """Prefer the customer's own words to reason codes such as `other`."""
    code = line.return_reason or ""
    written = line.return_reason_note or ""
    return returns.SnapshotReturnLine(
        external_line_id=str(line.fulfillment_line_item.line_item.id),
        external_return_line_id=str(line.id),
        quantity=line.quantity,
        reason=written if code.casefold() in _NO_REASON and written else code.replace("_", " "),
        note=line.customer_note or written,
    )
