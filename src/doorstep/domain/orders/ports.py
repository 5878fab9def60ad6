"""What orders need from the outside: a sales channel that is told what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """So many pieces of a line, by the channel's own line id."""

    external_line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ShipmentNotice:
    """A parcel left. `reference` is ours and unique; a channel that takes idempotency keys gets it."""

    reference: str
    order_external_id: str
    lines: tuple[NoticeLine, ...]
    carrier: str
    tracking_number: str
    tracking_url: str
    notify_customer: bool = True


@dataclass(frozen=True, slots=True)
class DeliveryNotice:
    """A parcel arrived; `shipment_external_ref` is what the channel answered to its ShipmentNotice."""

    reference: str
    order_external_id: str
    shipment_external_ref: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnNotice:
    """A return was received, inspected and refunded by us; lines by the channel's return line id."""

    reference: str
    order_external_id: str
    return_external_id: str
    lines: tuple[NoticeLine, ...]
    restocked_at_location: str
    refund_minor: int
    currency: str


class SalesChannel(Protocol):
    """A shop or marketplace. Every call is safe to repeat with the same reference: implementations look first.

    Raises kernel errors: Unavailable (try again), Refused or Rejected (a person must act).
    """

    def confirm_shipment(self, notice: ShipmentNotice) -> str:
        """Tell the channel that goods left; returns its own reference of the fulfilment."""
        ...

    def report_delivery(self, notice: DeliveryNotice) -> str:
        """Tell the channel that goods arrived."""
        ...

    def approve_return(self, *, return_external_id: str) -> str:
        """Accept a customer's return request; harmless when it is accepted already."""
        ...

    def report_return(self, notice: ReturnNotice) -> str:
        """Tell the channel that a return is done and refunded (the money moved elsewhere)."""
        ...
