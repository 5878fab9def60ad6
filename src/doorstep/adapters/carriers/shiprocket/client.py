"""Call Shiprocket's REST API. The token is valid for ten days; it is renewed when needed, and once after a refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from doorstep.adapters.carriers.shiprocket import wire
from doorstep.kernel import http
from doorstep.kernel.http import decoding, documents

_VALID = timedelta(days=9)  # a day less than documented


class Client:
    """The calls that we use, authenticated."""

    def __init__(self, session: http.Session, *, email: str, password: str) -> None:
        self._credentials = {"email": email, "password": password}
        self._entrance = session.to()
        self._session = session
        session.authorize = http.Bearer(session.tokens, self._sign_in)

    def pickup_locations(self) -> wire.PickupLocations:
        """The nicknames of the account's pickup locations."""
        response = self._session.send("GET", "settings/company/pickup")
        return decoding.shaped(response, wire.PickupLocations)

    def create_order(self, body: dict[str, object]) -> wire.Created:
        """Create an order. Shiprocket answers a repeated order_id with the existing order, so it is safe to repeat."""
        response = self._session.send("POST", "orders/create/adhoc", json=body, repeatable=True)
        return decoding.shaped(response, wire.Created)

    def create_return(self, body: dict[str, object]) -> wire.Created:
        """Create a return order. Not documented as safe to repeat."""
        return decoding.shaped(self._session.send("POST", "orders/create/return", json=body), wire.Created)

    def assign_awb(self, shipment_id: int, *, is_return: bool) -> wire.Assigned | None:
        """Choose a courier and get a tracking number; None when Shiprocket assigns it later."""
        body = {"shipment_id": shipment_id, "is_return": int(is_return)}
        response = self._session.send("POST", "courier/assign/awb", json=body)
        answer = decoding.shaped(response, wire.Assignment)
        return answer.response.data if answer.response else None

    def request_pickup(self, shipment_id: int) -> None:
        """Request the courier's pickup. A repeat is refused as a duplicate, so it is safe."""
        body = {"shipment_id": [shipment_id]}
        self._session.send("POST", "courier/generate/pickup", json=body, repeatable=True)

    def label_pdf(self, shipment_id: int) -> bytes:
        """Generate the label and download it; generating it again gives the same label."""
        body = {"shipment_id": [shipment_id]}
        response = self._session.send("POST", "courier/generate/label", json=body, repeatable=True)
        address = decoding.shaped(response, wire.LabelAnswer).label_url
        return documents.fetch(self._session, address) if address else b""

    def shipment(self, shipment_id: str) -> wire.Shipment:
        """Read one shipment."""
        response = self._session.send("GET", f"shipments/{quote(shipment_id, safe='')}")
        return decoding.shaped(response, wire.ShipmentAnswer).data

    def orders(self, reference: str, *, is_return: bool) -> list[wire.ListedOrder]:
        """Search orders by a reference."""
        path = "orders/processing/return" if is_return else "orders"
        response = self._session.send("GET", path, params={"search": reference, "per_page": 100})
        return decoding.shaped(response, wire.Orders).data

    def cancel(self, awb: str) -> None:
        """Cancel a shipment by tracking number."""
        self._session.send("POST", "orders/cancel/shipment/awbs", json={"awbs": [awb]}, repeatable=True)

    def track(self, awb: str) -> object:
        """Read a parcel's tracking; the answer has one of three formats."""
        return self._session.send("GET", f"courier/track/awb/{quote(awb, safe='')}").json()

    def _sign_in(self, _held: http.Token | None) -> http.Token:
        response = self._entrance.send("POST", "auth/login", json=self._credentials, reads=True)
        return http.Token(decoding.shaped(response, wire.Token).token, datetime.now(UTC) + _VALID)
