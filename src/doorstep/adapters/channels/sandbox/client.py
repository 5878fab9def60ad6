"""A shop in memory. A real client sends the same calls through its http.Session."""

from __future__ import annotations

from doorstep.domain.orders import ports
from doorstep.kernel import errors, http
from doorstep.kernel.http import fake_partner


class Client:
    """Stores the updates it gets, once per subject."""

    def __init__(self, session: http.Session) -> None:
        self.partner = fake_partner.Partner(session)
        self.shipments: dict[str, ports.ShipmentNotice] = {}
        self.deliveries: dict[str, ports.DeliveryNotice] = {}
        self.approved_returns: set[str] = set()
        self.returns: dict[str, ports.ReturnNotice] = {}

    def find_shipment(self, tracking_number: str) -> str | None:
        """The reference of the shipment with this tracking number."""
        return self.partner.call(
            lambda: tracking_number if tracking_number in self.shipments else None, reads=True
        )

    def create_shipment(self, notice: ports.ShipmentNotice) -> str:
        """Report a shipment."""

        def work() -> str:
            self.shipments[notice.tracking_number] = notice
            return notice.tracking_number

        return self.partner.call(work)

    def deliver(self, notice: ports.DeliveryNotice) -> str:
        """Report a delivery."""

        def work() -> str:
            if notice.shipment_external_ref not in self.shipments:
                raise errors.NotFound("The shop does not know this shipment.")
            self.deliveries[notice.shipment_external_ref] = notice
            return notice.shipment_external_ref

        return self.partner.call(work)

    def approve_return(self, external_id: str) -> str:
        """Approve a return request."""

        def work() -> str:
            self.approved_returns.add(external_id)
            return external_id

        return self.partner.call(work)

    def finish_return(self, notice: ports.ReturnNotice) -> str:
        """Report a completed return."""

        def work() -> str:
            self.returns[notice.return_external_id] = notice
            return notice.return_external_id

        return self.partner.call(work)
