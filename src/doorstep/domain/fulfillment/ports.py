"""The warehouse port: a partner who stores and ships for us (3PL, WMS, robots)."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.fulfillment.model.warehouse import CancelAnswer, FulfillmentRequest
from doorstep.kernel.results import Pending


class Warehouse(Protocol):
    """What it reports (updates, shipments, stock, receipts) comes as messages.

    Raises kernel errors: Unavailable (`maybe_done` says whether it may have the order), Rejected (it never takes it).
    """

    def send(self, request: FulfillmentRequest) -> str | Pending:
        """Have an order shipped, once per `request.reference`; returns the warehouse's own reference."""
        ...

    def cancel(self, *, reference: str, external_ref: str) -> CancelAnswer | Pending:
        """Ask to stop an order. `reference` is ours, `external_ref` what `send` returned. Repeating it changes nothing."""
        ...
