"""What a sales channel does not take is not sent to it, waits for nothing, and is never shown as sent."""

from __future__ import annotations

import dataclasses

import pytest
from tests.builders import Retailer

from doorstep.domain.connections.model import Feature, Kind


@pytest.fixture
def silent(retailer: Retailer) -> Retailer:
    """The shop takes neither shipments nor deliveries."""
    registry = retailer.app.registry
    shop = registry.connectors[Kind.CHANNELS, "sandbox"]
    kept = shop.features - {Feature.CONFIRM_SHIPMENT, Feature.REPORT_DELIVERY}
    registry.connectors = {
        **registry.connectors,
        (Kind.CHANNELS, "sandbox"): dataclasses.replace(shop, features=kept),
    }
    return retailer


def test_an_order_is_delivered_without_updates(silent: Retailer) -> None:
    order_id = silent.delivered()

    assert silent.client("shop").shipments == {}
    assert silent.dead_letters() == []
    assert silent.waiting() == 0
    assert "channel.updated" not in silent.event_types(order_id)
    assert "shipment.delivered" in silent.event_types(order_id)
