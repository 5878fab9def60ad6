"""A warehouse in memory. A real client sends the same calls through its http.Session."""

from __future__ import annotations

from doorstep.domain.fulfillment.model import warehouse
from doorstep.kernel import http
from doorstep.kernel.http import fake_partner


class Client:
    """Orders by our reference, those that were canceled, and those that are too late to stop."""

    def __init__(self, session: http.Session) -> None:
        self.partner = fake_partner.Partner(session)
        self.orders: dict[str, warehouse.FulfillmentRequest] = {}
        self.canceled: set[str] = set()
        self.packed: set[str] = set()

    def send(self, request: warehouse.FulfillmentRequest) -> str:
        """Take an order, once per reference; returns its number here."""

        def work() -> str:
            self.orders.setdefault(request.reference, request)
            return f"W-{request.reference}"

        return self.partner.call(work)

    def cancel(self, reference: str) -> bool:
        """Stop an order; false if it is packed. Repeating it changes nothing."""

        def work() -> bool:
            if reference not in self.packed:
                self.canceled.add(reference)
            return reference in self.canceled

        return self.partner.call(work)
