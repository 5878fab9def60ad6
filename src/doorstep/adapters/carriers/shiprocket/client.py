"""Shiprocket's REST API: a token that lives ten days, fetched when needed and once more when it is refused."""

from __future__ import annotations

from http import HTTPStatus
from typing import Unpack
from urllib.parse import quote

from doorstep.adapters.carriers.shiprocket import wire
from doorstep.kernel import http
from doorstep.kernel.http import reading


class Client:
    """The calls we need, authenticated."""

    def __init__(self, session: http.Session, *, email: str, password: str) -> None:
        self._session = session
        self._credentials = {"email": email, "password": password}
        self._token = ""

    def create_order(self, body: dict[str, object]) -> wire.Created:
        """Shiprocket answers a repeated order_id with the order it has: a repeat does no harm."""
        response = self._send("POST", "orders/create/adhoc", json=body, repeatable=True)
        return reading.shaped(response, wire.Created)

    def create_return(self, body: dict[str, object]) -> wire.Created:
        """Nothing is promised about a repeat."""
        return reading.shaped(self._send("POST", "orders/create/return", json=body), wire.Created)

    def assign_awb(self, shipment_id: int, *, is_return: bool) -> wire.Assigned | None:
        """Choose a courier and get a tracking number; None when Shiprocket only promises one."""
        body = {"shipment_id": shipment_id, "is_return": int(is_return)}
        response = self._send("POST", "courier/assign/awb", json=body)
        answer = reading.shaped(response, wire.Assignment)
        return answer.response.data if answer.response else None

    def request_pickup(self, shipment_id: int) -> None:
        """Ask the courier to come; asking twice is refused as a duplicate, which does no harm."""
        body = {"shipment_id": [shipment_id]}
        self._send("POST", "courier/generate/pickup", json=body, repeatable=True)

    def label_pdf(self, shipment_id: int) -> bytes:
        """Make the label and fetch it from where Shiprocket keeps it; made again it is the same."""
        body = {"shipment_id": [shipment_id]}
        response = self._send("POST", "courier/generate/label", json=body, repeatable=True)
        address = reading.shaped(response, wire.LabelAnswer).label_url
        return reading.document(self._session, address) if address else b""

    def shipment(self, shipment_id: str) -> wire.Shipment:
        """One shipment as it stands."""
        response = self._send("GET", f"shipments/{quote(shipment_id, safe='')}")
        return reading.shaped(response, wire.ShipmentAnswer).data

    def orders(self, reference: str, *, is_return: bool) -> list[wire.ListedOrder]:
        """Orders that Shiprocket finds for a reference."""
        path = "orders/processing/return" if is_return else "orders"
        response = self._send("GET", path, params={"search": reference, "per_page": 100})
        return reading.shaped(response, wire.Orders).data

    def cancel(self, awb: str) -> None:
        """Cancel a shipment by tracking number."""
        self._send("POST", "orders/cancel/shipment/awbs", json={"awbs": [awb]}, repeatable=True)

    def track(self, awb: str) -> object:
        """A tracking answer, in one of three frames."""
        return self._send("GET", f"courier/track/awb/{quote(awb, safe='')}").json()

    def _send(self, method: str, path: str, **details: Unpack[http.Details]) -> http.Response:
        if self._token:
            try:
                return self._authorized(method, path, details)
            except http.AuthFailed as failure:
                if failure.data.get("status") != HTTPStatus.UNAUTHORIZED:
                    raise
        self._token = self._login()
        return self._authorized(method, path, details)

    def _authorized(self, method: str, path: str, details: http.Details) -> http.Response:
        details["headers"] = {"Authorization": f"Bearer {self._token}"}
        return self._session.send(method, path, **details)

    def _login(self) -> str:
        response = self._session.send("POST", "auth/login", json=self._credentials, reads=True)
        return reading.shaped(response, wire.Token).token
