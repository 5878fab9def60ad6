"""Two hundred buyers for ten units: their requests, and what must be true afterwards."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests import clock
from tests.clock import CLOCK, NOON

from doorstep.bootstrap import App, open_app
from doorstep.domain.connections.model import Kind, Mode
from doorstep.flows.availability import cart_reservations
from doorstep.flows.availability.cart_reservations import Cart
from doorstep.flows.capture import direct_orders
from doorstep.flows.capture.direct_orders import Documents
from doorstep.kernel import errors
from doorstep.kernel.ids import Sku
from doorstep.kernel.settings import Settings

ADDRESS = {"name": "A. Person", "line1": "1 Road", "city": "Pune", "postal_code": "411001", "country": "IN"}


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who wants one of a SKU; with a cart, holds it first and orders only what is held."""

    name: str
    sku: str
    has_cart: bool = False

    def order(self) -> dict[str, Any]:
        return {
            "external_id": self.name, "placed_at": NOON.isoformat(), "currency": "INR",
            "lines": [{"sku": self.sku, "quantity": 1, "unit_price_minor": 79_900}], "payment": {"is_paid": True},
            "shipping_address": ADDRESS, "cart_reference": self.name if self.has_cart else "",
        }  # fmt: skip


def till(app: App) -> None:
    """A direct connection that the orders come in by."""
    connector = app.registry.connector(Kind.CHANNELS, "direct")
    with app.db.write(actor="system") as tx:
        app.registry.configure(
            tx,
            key="till",
            connector=connector,
            name="Till",
            settings={"webhook_secret": "the secret of the buyers"},
            mode=Mode.LIVE,
        )
    app.registry._looked_at = 0.0
    app.registry.refresh()


def buy(app: App, buyer: Buyer) -> str:
    """One buyer, from the cart to the answer; if all connections are busy, they try again."""
    while True:
        try:
            return _buy(app, buyer)
        except errors.Unavailable as problem:
            time.sleep(min(problem.retry_after_seconds or 1.0, 1.0))


def _buy(app: App, buyer: Buyer) -> str:
    if buyer.has_cart:
        wanted = Cart("till", buyer.name, [(Sku(buyer.sku), 1)], timedelta(minutes=10))
        with app.db.write(actor="api:1") as tx:
            (held,) = cart_reservations.reserve(tx, carts=[wanted], now=CLOCK.now())
        if held.refused:
            return "NOT_HELD"
    documents = Documents(app.registry.by_key("till"), [json.dumps(buyer.order()).encode()], "0" * 32)
    with app.db.write(actor="api:1") as tx:
        (outcome,) = direct_orders.capture(app.context, tx, documents=documents)
    return outcome.status


def buy_all(app: App, buyers: Sequence[Buyer], *, at_once: int = 32) -> list[str]:
    """Everybody's answer, in their order; an answer that is lost raises."""
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(lambda each: buy(app, each), buyers))


def main() -> None:
    """One of several processes of buyers: settings and buyers come in as JSON, answers go out."""
    dsn, folder, buyers = json.loads(sys.stdin.read())
    chosen = Settings.model_validate(
        {
            "environment": "test",
            "database_url": dsn,
            "data_dir": Path(folder),
            "secret_key": "k" * 40,
            "pool_size": 20,
        }
    )
    clock.set_to(NOON)  # this process has a clock of its own
    with open_app(chosen, clock=CLOCK) as app:
        sys.stdout.write(json.dumps(buy_all(app, [Buyer(*each) for each in buyers])))


if __name__ == "__main__":
    main()
