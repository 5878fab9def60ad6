"""Typed ids: a number is an order's or a shipment's, never just a number."""

from __future__ import annotations

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
