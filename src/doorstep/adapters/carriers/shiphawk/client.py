"""Call ShipHawk's REST API v4: API key, reads and creations only, no idempotency keys."""

from __future__ import annotations

from urllib.parse import quote

from doorstep.adapters.carriers.shiphawk import wire
from doorstep.kernel import http
from doorstep.kernel.http import decoding, documents

_PAGE = 100


class Client:
    """The calls that we use."""

    def __init__(self, session: http.Session, *, api_key: str) -> None:
        self._session = session
        self._headers = {"X-Api-Key": api_key}

    def rates(self, body: dict[str, object]) -> list[wire.Rate]:
        """Get rates; a read without side effects."""
        response = self._session.send("POST", "rates", json=body, headers=self._headers, reads=True)
        return decoding.shaped(response, wire.Rates).rates

    def book(self, body: dict[str, object]) -> wire.Shipment:
        """Book a shipment. A repeat books another one: search for it first."""
        response = self._session.send("POST", "shipments", json=body, headers=self._headers)
        return decoding.shaped(response, wire.Shipment)

    def shipment(self, external_id: str) -> wire.Shipment:
        """Read one shipment."""
        response = self._session.send("GET", _shipment(external_id), headers=self._headers)
        return decoding.shaped(response, wire.Shipment)

    def shipments(self, order_number: str) -> list[wire.Shipment]:
        """Shipments of an order number, newest first; the answer may also hold others."""
        response = self._session.send(
            "GET",
            "shipments",
            params={
                "order_number": order_number,
                "per_page": _PAGE,
                "sort": "created_at",
                "direction": "desc",
            },
            headers=self._headers,
        )
        if isinstance(response.json(), list):
            return decoding.shaped(response, list[wire.Shipment])
        return decoding.shaped(response, wire.Shipments).shipments

    def label_pdf(self, external_id: str) -> bytes:
        """The label's PDF: the answer itself, or the first document that it links to."""
        response = self._session.send("GET", f"{_shipment(external_id)}/labels", headers=self._headers)
        if not response.is_json():
            return documents.checked(self._session, response.body)
        if isinstance(response.json(), list):
            links = decoding.shaped(response, list[wire.Document])
        else:
            answer = decoding.shaped(response, wire.Documents)
            links = answer.labels or answer.documents
        address = next((document.url for document in links if document.url), None)
        return documents.fetch(self._session, address) if address else b""

    def tracking(self, external_id: str) -> wire.Tracking:
        """Read the tracking of a shipment."""
        response = self._session.send("GET", f"{_shipment(external_id)}/tracking", headers=self._headers)
        return decoding.shaped(response, wire.Tracking)

    def cancel(self, external_id: str) -> None:
        """Cancel a shipment. Repeating it changes nothing."""
        self._session.send("DELETE", _shipment(external_id), headers=self._headers, repeatable=True)


def _shipment(external_id: str) -> str:
    return f"shipments/{quote(external_id, safe='')}"
