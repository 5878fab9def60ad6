"""A shop in memory. A real client sends the same calls through its http.Session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.orders import ports
from doorstep.kernel import errors, http
from doorstep.kernel.http import fake_partner


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as the shop's API gives it: its event as JSON, and the shop's own time of its last change."""

    event_id: str
    body: bytes
    changed_at: datetime


class Client:
    """Stores the updates it gets, once per subject."""

    def __init__(self, session: http.Session) -> None:
        self.partner = fake_partner.Partner(session)
        self.shipments: dict[str, ports.ShipmentNotice] = {}
        self.deliveries: dict[str, ports.DeliveryNotice] = {}
        self.approved_returns: set[str] = set()
        self.returns: dict[str, ports.ReturnNotice] = {}
        self.placed: dict[str, PlacedOrder] = {}
        self.finishes_later = False  # shipments are taken as submissions that end when somebody ends them
        self.submissions: dict[str, ports.ShipmentNotice] = {}
        self.refusals: dict[str, str] = {}
        self.calls: list[str] = []
        self.subscriptions: dict[str, str] = {}
        self.stock: dict[str, int] = {}
        self.unknown_listings: set[str] = set()
        self.stock_submissions: dict[str, Sequence[StockLevel]] = {}

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

    def submit_shipment(self, notice: ports.ShipmentNotice) -> str:
        """Submit a shipment that is stored later; the same reference gives the same submission."""

        def work() -> str:
            self.calls.append("submit")
            self.submissions.setdefault(f"submission-{notice.reference}", notice)
            return f"submission-{notice.reference}"

        return self.partner.call(work)

    def submission(self, handle: str) -> tuple[str | None, str]:
        """The shipment that a submission made, if it has ended, and why it was refused."""

        def work() -> tuple[str | None, str]:
            self.calls.append("check")
            number = self.submissions[handle].tracking_number
            return number if number in self.shipments else None, self.refusals.get(handle, "")

        return self.partner.call(work, reads=True)

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

    def set_stock(self, levels: Sequence[StockLevel]) -> dict[str, str]:
        """Set stock levels; returns the SKUs of unknown listings, with the reason."""

        def work() -> dict[str, str]:
            self.calls.append(f"stock of {len(levels)}")
            known = [each for each in levels if each.listing not in self.unknown_listings]
            self.stock |= {each.listing: each.available for each in known}
            return {each.sku: "There is no such listing." for each in levels if each not in known}

        return self.partner.call(work)

    def levels(self, listings: Sequence[str]) -> dict[str, int]:
        """The levels of those listings that the shop has."""
        return self.partner.call(
            lambda: {each: self.stock[each] for each in listings if each in self.stock}, reads=True
        )

    def submit_stock(self, levels: Sequence[StockLevel]) -> str:
        """Submit stock levels that are set when somebody ends the submission."""

        def work() -> str:
            handle = f"stock-{len(self.stock_submissions)}"
            self.stock_submissions[handle] = levels
            return handle

        return self.partner.call(work)

    def finished_stock(self, handle: str) -> dict[str, str] | None:
        """What a submission of stock levels did, if it has ended: somebody has switched `finishes_later` off."""
        if self.finishes_later:
            return self.partner.call(lambda: None, reads=True)
        return self.set_stock(self.stock_submissions[handle])

    def subscribe(self, topic: str, address: str) -> bool:
        """Send a topic to an address; false if it is sent there already."""

        def work() -> bool:
            is_new = self.subscriptions.get(topic) != address
            self.subscriptions[topic] = address
            return is_new

        return self.partner.call(work)

    def changed(self, since: datetime, until: datetime) -> list[tuple[str, PlacedOrder]]:
        """Orders that changed in a window, oldest change first."""

        def work() -> list[tuple[str, PlacedOrder]]:
            found = [(key, each) for key, each in self.placed.items() if since <= each.changed_at < until]
            return sorted(found, key=lambda pair: (pair[1].changed_at, pair[0]))

        return self.partner.call(work, reads=True)

    def orders(self, external_ids: Sequence[str]) -> list[PlacedOrder]:
        """These orders, as far as the shop has them."""
        return self.partner.call(
            lambda: [self.placed[each] for each in external_ids if each in self.placed], reads=True
        )
