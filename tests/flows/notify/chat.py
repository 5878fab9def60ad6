"""The sample retailer with a WhatsApp connection to the partner server, and what customers and Meta do there."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.builders import DELHI, JACKET, Retailer, line, order_snapshot
from tests.partners import Partners

from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.notifications import views as messages
from doorstep.domain.notifications.views import Message
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel.ids import OrderId

WA_ID, NUMBER = "919812345678", "+919812345678"
HOME = replace(DELHI, phone="098123 45678")
CONFIRMED = "Hello {{name}}, we have your order {{order_number}} of {{total}}."
SHIPPED = "{{name}}, order {{order_number}} is on its way: {{carrier}} {{tracking_number}}."


@dataclass
class Chat:
    """`web` is where Meta sends its webhooks, `address` where we call Meta, if it is not the server's own."""

    retailer: Retailer
    partners: Partners
    web: str
    address: str = ""

    def act(self, verb: str, **body: Any) -> Any:
        return self.partners.act("whatsapp", verb, **body)

    def connect(self, **settings: Any) -> int:
        """Add the connection, or change its settings."""
        ready = self.partners.ready["whatsapp"]
        registry = self.retailer.app.registry
        connector = registry.connector(Kind.MESSENGERS, "whatsapp")
        given = {
            "base_url": self.address or f"{ready['url']}/v23.0",
            "phone_number_id": ready["phone_number_id"],
            "business_account_id": ready["waba_id"],
            "access_token": ready["access_token"],
            "app_secret": ready["app_secret"],
            "verify_token": ready["verify_token"],
            "order_confirmed_template": "order_confirmed",
            "shipped_template": "order_shipped",
            "shipped_variables": "name, order_number, carrier, tracking_number",
            **settings,
        }
        made = self.retailer.write(
            lambda tx: registry.configure(
                tx, key="chat", connector=connector, name="Chat", settings=given, mode=Mode.LIVE
            )
        )
        registry.look_again()
        registry.refresh()
        self.retailer.connection_ids["chat"] = made
        return made

    def set_up(self) -> None:
        for name, text in (("order_confirmed", CONFIRMED), ("order_shipped", SHIPPED)):
            self.act(
                "template",
                name=name,
                language="en",
                category="UTILITY",
                parameter_format="NAMED",
                components=[{"type": "BODY", "text": text}],
            )
        self.act("webhooks", url=f"{self.web}/hooks/chat")
        self.connect()

    def place(self, *tags: str, **more: Any) -> OrderId:
        """An order whose customer agreed, unless `tags` say otherwise."""
        reported = self.order(*tags, **more)
        self.retailer.receive("shop", "order", reported)
        self.settle()
        return self.retailer.order_id(reported)

    @staticmethod
    def order(*tags: str, **more: Any) -> OrderSnapshot:
        return order_snapshot(
            line(JACKET, 1, 1_000), tags=tags or ("WhatsApp",), **{"shipping_address": HOME, **more}
        )

    def settle(self) -> None:
        """All work here, all webhooks of Meta, and the work that follows from those."""
        self.retailer.settle()
        self.partners.settle("whatsapp")
        self.retailer.settle()

    def received(self) -> list[Any]:
        """What reached WhatsApp, in order."""
        return list(self.partners.state("whatsapp")["messages"].values())

    def of(self, order_id: OrderId, medium: str = "whatsapp") -> list[Message]:
        found = self.retailer.read(lambda tx: messages.of_order(tx, order_id=order_id))
        return [each for each in found if each.medium == medium]

    def one(self, order_id: OrderId) -> Message:
        (found,) = self.of(order_id)
        return found

    def states(self, medium: str = "whatsapp") -> Counter[str]:
        statement = "SELECT state FROM messages WHERE medium = %s"
        return Counter(self.retailer.read(lambda tx: tx.column(str, statement, (medium,))))

    def mails(self) -> list[str]:
        return [each.template for each in self.retailer.client("mail").messages.values()]

    def until(self, true: Callable[[], bool], seconds: float = 120.0) -> None:
        """Settle until it is so."""
        ends_at = time.monotonic() + seconds
        while not true() and time.monotonic() < ends_at:
            self.settle()
        assert true()
