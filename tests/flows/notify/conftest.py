"""One partner server of WhatsApp for all tests here, reset before each; and our web process on a socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests import clock, partners
from tests.builders import Retailer
from tests.faults.contention import served
from tests.flows.notify.chat import Chat


@pytest.fixture(scope="session")
def whatsapp_server() -> Iterator[partners.Partners]:
    with partners.running(names=["whatsapp"]) as running:
        yield running


@pytest.fixture
def chat(
    retailer: Retailer, whatsapp_server: partners.Partners, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Chat]:
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))  # the partner reads it at every call
    whatsapp_server.act("whatsapp", "reset")
    whatsapp_server.act(
        "whatsapp", "webhooks", url="", duplicates=0, shuffle_seed=None, hold=False, backoff_factor=0.0001
    )
    with served(retailer) as web:
        made = Chat(retailer, whatsapp_server, web)
        made.set_up()
        yield made
        made.partners.fail("whatsapp")
