"""The sales channel port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """Units of a line, by the channel's line id."""

    external_line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ShipmentNotice:
    """A shipment. `reference` is ours and unique; a channel that takes idempotency keys gets it."""

    reference: str
    order_external_id: str
    lines: tuple[NoticeLine, ...]
    carrier: str
    tracking_number: str
    tracking_url: str
    notify_customer: bool = True


@dataclass(frozen=True, slots=True)
class DeliveryNotice:
    """A delivery; `shipment_external_ref` is the channel's answer to its ShipmentNotice."""

    reference: str
    order_external_id: str
    shipment_external_ref: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnNotice:
    """A return that was received, inspected and refunded; lines by the channel's return line id."""

    reference: str
    order_external_id: str
    return_external_id: str
    lines: tuple[NoticeLine, ...]
    restocked_at_location: str
    refund_minor: int
    currency: str


class SalesChannel(Protocol):
    """A shop or marketplace. Every call is safe to repeat with the same reference: implementations look it up first.

    Raises kernel errors: Unavailable (retry), Refused or Rejected (a person must act).
    """

    def confirm_shipment(self, notice: ShipmentNotice) -> str:
        """Confirm a shipment; returns the channel's fulfillment reference."""
        ...

    def report_delivery(self, notice: DeliveryNotice) -> str:
        """Report a delivery."""
        ...

    def approve_return(self, *, return_external_id: str) -> str:
        """Approve a return request; changes nothing if it is approved already."""
        ...

    def report_return(self, notice: ReturnNotice) -> str:
        """Close a refunded return (the money moved elsewhere)."""
        ...
