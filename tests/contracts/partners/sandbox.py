"""The in-memory connectors: their partner is in the client itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tests.adapters import parcels
from tests.contracts.features import channels, erp
from tests.contracts.stage import Fault, Hook

from doorstep.domain.connections import model as connections
from doorstep.domain.payments import model as payments
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import http

_AT = datetime(2026, 5, 5, 12, tzinfo=UTC)
_READS = {"track", "payment"}


class Stage:
    """One of the five kinds."""

    def __init__(self, connector: connections.Connector, session: http.Session) -> None:
        secrets = dict.fromkeys(("webhook_secret", "webhook_token"), "hush")
        self.kind = connector.kind
        self.connector: Any = connector.connect(connector.settings.model_validate(secrets), session)  # type: ignore[attr-defined]  # a pydantic model

    def prepare(self, feature: str) -> Mapping[str, str]:
        client = self.connector.client
        if feature in {"void", "track"}:
            label = self.connector.buy_label(parcels.OUT)
            client.scans[label.tracking_number] = (
                shipping.Scan(_AT, shipping.TrackingStatus.IN_TRANSIT, "IT"),
            )
            return {"label": label.external_id, "tracking_number": label.tracking_number}
        if feature == "report_delivery":
            context = {"order": "1", "line": "11"}
            return {**context, "shipment": self.connector.confirm_shipment(channels.shipment(context))}
        if feature == "credit_note":
            return {"invoice": self.connector.post(erp.INVOICE).number}
        client.payments = {"pay_1": _payment(captured=feature != "capture")}
        return {"order": "1", "line": "11", "return": "31", "return_line": "41", "payment": "pay_1"}

    def fail(self, feature: str, fault: Fault) -> None:
        self.connector.client.partner.fail(fault, reads=feature in _READS)

    def effects(self, feature: str) -> int:
        client = self.connector.client
        counts: dict[str, Callable[[], int]] = {
            "label": lambda: len(client.labels),
            "return_pickup": lambda: len(client.labels),
            "void": lambda: len(client.voided),
            "confirm_shipment": lambda: len(client.shipments),
            "report_delivery": lambda: len(client.deliveries),
            "approve_return": lambda: len(client.approved_returns),
            "report_return": lambda: len(client.returns),
            "capture": lambda: sum(
                one.status is payments.PaymentStatus.CAPTURED for one in client.payments.values()
            ),
            "refund": lambda: len(client.refunds),
            "invoice": lambda: len(client.documents),
            "credit_note": lambda: len(client.documents) - 1,
            "send": lambda: len(client.messages),
        }
        return counts[feature]()

    def hook(self) -> Hook:
        if self.kind is connections.Kind.CARRIERS:
            scan = {"at": _AT.isoformat(), "status": "delivered", "raw_code": "DL"}
            return Hook({"x-api-key": "hush"}, json.dumps({"scans": [scan]}).encode(), proof="x-api-key")
        paid = {"gateway": "sandbox", "external_id": "pay_1", "order_reference": "5600", "status": "captured",
                "amount_minor": 239700, "currency": "INR", "method": "upi", "at": _AT.isoformat()}  # fmt: skip
        body = json.dumps({"id": "e-1", "topic": "payment", "data": paid}).encode()
        return Hook(
            {"x-signature": hmac.new(b"hush", body, hashlib.sha256).hexdigest()}, body, proof="x-signature"
        )


def _payment(*, captured: bool) -> payments.PaymentSnapshot:
    status = payments.PaymentStatus.CAPTURED if captured else payments.PaymentStatus.AUTHORIZED
    return payments.PaymentSnapshot("sandbox", "pay_1", "5600", status, 239700, "INR", "upi", _AT)


@contextmanager
def stage(connector: connections.Connector) -> Iterator[Stage]:
    with http.Session("partner", "http://127.0.0.1:9") as session:
        yield Stage(connector, session)
