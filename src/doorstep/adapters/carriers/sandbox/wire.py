"""Map the sandbox carrier's webhooks and labels: our own tracking snapshot as JSON, numbers derived from our reference."""

from __future__ import annotations

import hashlib

from doorstep.domain.shipping import model as shipping
from doorstep.kernel import parsing

_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def parse(body: bytes) -> shipping.TrackingSnapshot:
    """Parse the snapshot in a webhook. Raises Invalid with the wrong field."""
    return parsing.read(body, shipping.TrackingSnapshot)


def label(request: shipping.LabelRequest) -> shipping.Label:
    """The same reference always gives the same label; a return pickup has no label to print."""
    number = hashlib.sha256(request.reference.encode()).hexdigest()[:10].upper()
    return shipping.Label(
        external_id=f"shipment-{number}",
        tracking_number=f"SBX{number}",
        tracking_url=f"http://127.0.0.1/track/SBX{number}",
        carrier="Sandbox",
        service="ground",
        pdf=b"" if request.direction is shipping.Direction.INBOUND else _PDF,
    )
