"""Call Razorpay's REST API: basic authentication, ids in the path."""

from __future__ import annotations

import base64
from urllib.parse import quote

from doorstep.adapters.payments.razorpay import wire
from doorstep.kernel import http
from doorstep.kernel.http import decoding

_PAGE = 100


class Client:
    """The four calls that we use."""

    def __init__(self, session: http.Session, *, key_id: str, key_secret: str) -> None:
        self._session = session
        credentials = base64.b64encode(f"{key_id}:{key_secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}"}

    def ping(self) -> None:
        """List one payment: the cheapest call that needs the key."""
        self._session.send("GET", "payments", params={"count": 1}, headers=self._headers)

    def payment(self, external_id: str) -> wire.Payment:
        """Read a payment."""
        response = self._session.send("GET", _payment(external_id), headers=self._headers)
        return decoding.shaped(response, wire.Payment)

    def capture(self, external_id: str, *, amount_minor: int, currency: str) -> wire.Payment:
        """Capture an authorized payment."""
        response = self._session.send(
            "POST",
            f"{_payment(external_id)}/capture",
            json={"amount": amount_minor, "currency": currency},
            headers=self._headers,
        )
        return decoding.shaped(response, wire.Payment)

    def refund(self, external_id: str, body: dict[str, object], *, key: str) -> wire.Refund:
        """Refund a payment; Razorpay answers a repeated key with the refund it made the first time."""
        response = self._session.send(
            "POST",
            f"{_payment(external_id)}/refund",
            json=body,
            headers={**self._headers, "X-Refund-Idempotency": key},
            repeatable=True,
        )
        return decoding.shaped(response, wire.Refund)

    def refunds(self, external_id: str) -> list[wire.Refund]:
        """All refunds of a payment."""
        found: list[wire.Refund] = []
        while True:
            response = self._session.send(
                "GET",
                f"{_payment(external_id)}/refunds",
                params={"count": _PAGE, "skip": len(found)},
                headers=self._headers,
            )
            page = decoding.shaped(response, wire.Refunds).items
            found += page
            if len(page) < _PAGE:
                return found


def _payment(external_id: str) -> str:
    return f"payments/{quote(external_id, safe='')}"
