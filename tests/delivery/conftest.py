"""Clients of the front doors."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.builders import Retailer
from tests.delivery.test_api import client

from doorstep.domain.connections.model import Kind, Mode


@pytest.fixture
def till(retailer: Retailer) -> TestClient:
    """A program of the retailer's, with a direct connection called `till`."""
    registry = retailer.app.registry
    connector = registry.connector(Kind.CHANNELS, "direct")
    settings = {"webhook_secret": "the secret of the till"}
    retailer.write(
        lambda tx: registry.configure(
            tx, key="till", connector=connector, name="Till", settings=settings, mode=Mode.LIVE
        )
    )
    registry._looked_at = 0.0
    registry.refresh()
    return client(retailer)
