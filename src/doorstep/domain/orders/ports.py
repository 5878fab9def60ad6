"""The sales channel port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel.results import Pending


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """Units of a line, by the channel's line id."""

    external_line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ShipmentNotice:
    """A shipment. `reference` is ours and unique; a channel that takes idempotency keys gets it.

    `shipped_at` is when it was handed over to the carrier.
    """

    reference: str
    order_external_id: str
    lines: tuple[NoticeLine, ...]
    carrier: str
    tracking_number: str
    tracking_url: str
    notify_customer: bool = True
    shipped_at: datetime | None = None


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
    """A shop or marketplace. A connector has the methods of the features that it declares; flows ask for the feature.

    Every call is safe to repeat with the same reference: implementations look it up first. Raises kernel errors:
    Unavailable (retry), Refused or Rejected (a person must act).
    A channel that takes calls now and finishes them later answers Pending and satisfies results.Followed, too.
    """

    def confirm_shipment(self, notice: ShipmentNotice) -> str | Pending:
        """Confirm a shipment; returns the channel's fulfillment reference."""
        ...

    def report_delivery(self, notice: DeliveryNotice) -> str | Pending:
        """Report a delivery."""
        ...

    def approve_return(self, *, return_external_id: str) -> str | Pending:
        """Approve a return request; changes nothing if it is approved already."""
        ...

    def report_return(self, notice: ReturnNotice) -> str | Pending:
        """Close a refunded return (the money moved elsewhere)."""
        ...


class OrderSource(Protocol):
    """Feature `look_up_order`: a channel that says what it has of an order now, its fulfillments too. Raises kernel errors."""

    def look_up_order(self, external_id: str) -> OrderSnapshot | None:
        """The order as it stands; None if the channel does not know it."""
        ...
