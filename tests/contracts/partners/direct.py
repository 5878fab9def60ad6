"""The direct channel has no partner: a program signs our own order document."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests import partners
from tests.contracts.stage import Fault, Hook

from doorstep.domain.connections import model as connections
from doorstep.kernel import http

BODY = {
    "external_id": "B2B-1",
    "placed_at": "2026-05-05T10:00:00+05:30",
    "currency": "INR",
    "lines": [{"sku": "GT-WH-02", "quantity": 2, "unit_price_minor": 79_950}],
}


class Stage:
    """Only receives."""

    def __init__(self, connector: connections.Connector, session: http.Session) -> None:
        self.connector: Any = connector.connect(
            connector.settings.model_validate({"webhook_secret": "hush"}),  # type: ignore[attr-defined]  # a pydantic model
            session,
        )

    def prepare(self, feature: str) -> Mapping[str, str]:
        raise NotImplementedError(feature)

    def fail(self, feature: str, fault: Fault) -> None:
        raise NotImplementedError(feature)

    def effects(self, feature: str) -> int:
        raise NotImplementedError(feature)

    def hook(self) -> Hook:
        """As a till would send it."""
        body = json.dumps(BODY).encode()
        proof = "x-doorstep-signature"
        return Hook({proof: hmac.new(b"hush", body, hashlib.sha256).hexdigest()}, body, proof=proof)


@contextmanager
def stage(connector: connections.Connector, _running: partners.Partners) -> Iterator[Stage]:
    with http.Session("direct", "http://127.0.0.1:9") as session:
        yield Stage(connector, session)
