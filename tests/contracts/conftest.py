"""Start the partners once per run, and connect a connector for each case."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests import partners
from tests.contracts import stage

from doorstep.domain.connections import model as connections

CONFIG: dict[str, Any] = {
    "shopify": {"bucket": {"maximum": 100_000, "restore_rate": 100_000}},
    "erpnext": {
        "documents": [
            {
                "doctype": "Company",
                "company_name": "NotNaked Retail",
                "abbr": "NN",
                "country": "India",
                "default_currency": "INR",
            },
            {"doctype": "Item", "item_code": "GT-WH-02", "item_group": "Products"},
        ]
    },
}

Open = Callable[[connections.Connector], stage.Receiver]  # receivers can do all that stages can


@pytest.fixture(scope="session")
def running_partners() -> Iterator[partners.Partners]:
    with partners.running(CONFIG) as running:
        yield running


@pytest.fixture
def open_stage(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens the stage of a connector; partner servers are started when the first vendor needs them."""
    with ExitStack() as stack:

        def open_(connector: connections.Connector) -> stage.Receiver:
            wiring = importlib.import_module(f"tests.contracts.partners.{connector.id}")
            if getattr(wiring, "IN_MEMORY", False):
                opened = stack.enter_context(wiring.stage(connector))
            else:
                running: partners.Partners = request.getfixturevalue("running_partners")
                opened = stack.enter_context(wiring.stage(connector, running))
            ready: stage.Receiver = opened
            return ready

        yield open_
