"""Typed ids: a number is an order's or a shipment's, never just a number."""

from __future__ import annotations

import re
from typing import NewType

OrderId = NewType("OrderId", int)
LocationId = NewType("LocationId", int)
ConnectionId = NewType("ConnectionId", int)
FulfillmentOrderId = NewType("FulfillmentOrderId", int)
ParcelId = NewType("ParcelId", int)
ShipmentId = NewType("ShipmentId", int)
ReturnId = NewType("ReturnId", int)
PaymentId = NewType("PaymentId", int)
RefundId = NewType("RefundId", int)
InvoiceId = NewType("InvoiceId", int)
MessageId = NewType("MessageId", int)
TransferId = NewType("TransferId", int)
ReceiptId = NewType("ReceiptId", int)
CountId = NewType("CountId", int)
ImportId = NewType("ImportId", int)
UserId = NewType("UserId", int)
Sku = NewType("Sku", str)

LARGEST_ID = 2**63 - 1  # of the database's numbers
_WHOLE = re.compile(r"[0-9]{1,18}")


def whole_number(text: str) -> int | None:
    """The number that a text is; None for anything else, such as ² or more digits than the database can hold."""
    return int(text) if _WHOLE.fullmatch(text.strip()) else None
