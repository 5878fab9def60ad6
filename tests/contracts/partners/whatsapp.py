"""WhatsApp on its partner server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from tests import partners
from tests.contracts.partners import remote
from tests.contracts.stage import Hook

from doorstep.domain.connections import model as connections

BODY = "Hello {{name}}, order {{order_number}} is on its way with {{carrier}}."


class Stage(remote.Remote):
    partner = "whatsapp"
    proof = "x-hub-signature-256"
    touch: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "send": {"method": "POST", "path_regex": "/messages$"},
        "test": {"method": "GET", "path_regex": "/message_templates$"},
    }

    def prepare(self, feature: str) -> Mapping[str, str]:
        self.act(
            "template",
            name="order_shipped",
            language="en",
            category="UTILITY",
            parameter_format="NAMED",
            components=[{"type": "BODY", "text": BODY}],
        )
        return {"to": "+919812345678"}

    def effects(self, feature: str) -> int:
        return len(self.state()["messages"])

    def hook(self) -> Hook:
        self.hold_hooks()
        self.act("inbound", number="919812345678", text="Where is my order?")
        return self.held_hook("messages")


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["whatsapp"]
    url = f"{ready['url']}/v23.0"
    with remote.session(url) as session:
        yield Stage(
            connector,
            running,
            session,
            base_url=url,
            phone_number_id=ready["phone_number_id"],
            business_account_id=ready["waba_id"],
            access_token=ready["access_token"],
            app_secret=ready["app_secret"],
            verify_token=ready["verify_token"],
            shipped_template="order_shipped",
            shipped_variables="name, order_number, carrier",
        )
