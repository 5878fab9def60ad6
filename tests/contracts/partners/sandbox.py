"""The in-memory connectors: their partner is in the client itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from tests.adapters import parcels
from tests.builders import order_snapshot
from tests.contracts.features import channels, erp, warehouses
from tests.contracts.stage import Fault, Hook

from doorstep.adapters.channels.sandbox.client import PlacedOrder
from doorstep.domain.connections import model as connections
from doorstep.domain.payments import model as payments
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import http

IN_MEMORY = True  # no partner server is needed
LATER = {
    connections.Kind.CHANNELS: frozenset({"confirm_shipment", "publish_stock"}),
    connections.Kind.CARRIERS: frozenset({"label", "return_pickup"}),
    connections.Kind.ERP: frozenset({"invoice", "credit_note"}),
}
_AT = datetime(2026, 5, 5, 12, tzinfo=UTC)
_READS = {"test", "track", "payment", "look_up_order", "read_stock"}


class Stage:
    """One of the six kinds."""

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
        if feature == "cancel" and self.kind is connections.Kind.WAREHOUSES:
            return {"external_ref": self.connector.send(warehouses.REQUEST)}
        if feature == "look_up_order":
            order = msgspec.json.encode({"data": order_snapshot(external_id="5600", version_at=_AT)})
            client.placed = {"5600": PlacedOrder("e-1", order, _AT)}
            return {"order": "5600"}
        if feature == "read_stock":
            client.stock = {"GT-WH-02": 7}
            return {"listing": "GT-WH-02"}
        client.payments = {"pay_1": _payment(captured=feature != "capture")}
        return {"order": "1", "line": "11", "return": "31", "return_line": "41", "payment": "pay_1"}

    def fail(self, feature: str, fault: Fault) -> None:
        self.connector.client.partner.fail(fault, reads=feature in _READS)

    def finish_later(self) -> None:
        self.connector.client.finishes_later = True

    def finish(self) -> None:
        client = self.connector.client
        client.finishes_later = False
        if self.kind is connections.Kind.CHANNELS:
            client.shipments |= {each.tracking_number: each for each in client.submissions.values()}

    def fail_check(self, fault: Fault) -> None:
        self.connector.client.partner.fail(fault, reads=True)

    def effects(self, feature: str) -> int:
        client = self.connector.client
        counts: dict[str, Callable[[], int]] = {
            "subscribe": lambda: len(set(client.subscriptions.values())),
            "label": lambda: len(client.labels),
            "return_pickup": lambda: len(client.labels),
            "void": lambda: len(client.voided),
            "confirm_shipment": lambda: len(client.shipments),
            "report_delivery": lambda: len(client.deliveries),
            "publish_stock": lambda: len(client.stock),
            "approve_return": lambda: len(client.approved_returns),
            "report_return": lambda: len(client.returns),
            "capture": lambda: sum(
                one.status is payments.PaymentStatus.CAPTURED for one in client.payments.values()
            ),
            "refund": lambda: len(client.refunds),
            "invoice": lambda: len(client.documents),
            "credit_note": lambda: len(client.documents) - 1,
            "fulfill": lambda: len(client.orders),
            "cancel": lambda: len(client.canceled),
            "send": lambda: len(client.messages),
        }
        return counts[feature]()

    def hook(self) -> Hook:
        if self.kind is connections.Kind.CARRIERS:
            scan = {"at": _AT.isoformat(), "status": "delivered", "raw_code": "DL"}
            return Hook({"x-api-key": "hush"}, json.dumps({"scans": [scan]}).encode(), proof="x-api-key")
        if self.kind is connections.Kind.WAREHOUSES:
            update = {"reference": "FO-7", "status": "acknowledged", "at": _AT.isoformat()}
            return _signed(json.dumps({"data": update}).encode(), {"x-topic": "update"})
        paid = {"gateway": "sandbox", "external_id": "pay_1", "order_reference": "5600", "status": "captured",
                "amount_minor": 239700, "currency": "INR", "method": "upi", "at": _AT.isoformat()}  # fmt: skip
        body = json.dumps({"id": "e-1", "topic": "payment", "data": paid}).encode()
        return _signed(body, {})


def _signed(body: bytes, headers: Mapping[str, str]) -> Hook:
    digest = hmac.new(b"hush", body, hashlib.sha256).hexdigest()
    return Hook({"x-signature": digest, **headers}, body, proof="x-signature")


def _payment(*, captured: bool) -> payments.PaymentSnapshot:
    status = payments.PaymentStatus.CAPTURED if captured else payments.PaymentStatus.AUTHORIZED
    return payments.PaymentSnapshot("sandbox", "pay_1", "5600", status, 239700, "INR", "upi", _AT)


@contextmanager
def stage(connector: connections.Connector) -> Iterator[Stage]:
    with http.Session("partner", "http://127.0.0.1:9") as session:
        yield Stage(connector, session)
