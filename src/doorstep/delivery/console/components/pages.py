"""Every piece of the console once, to be looked at together."""

from __future__ import annotations

from starlette.responses import Response

from doorstep.delivery.console import page
from doorstep.delivery.console.ask import Ask
from doorstep.delivery.console.routes import Read, Routes
from doorstep.delivery.console.words import badge
from doorstep.kernel.money import Money

STATUSES = (
    "ORDER_CREATED",
    "ORDER_ALLOCATED",
    "ORDER_IN_FULFILLMENT",
    "ORDER_COMPLETED",
    "ORDER_HELD",
    "failed",
)


def show(ask: Ask) -> Response:
    """The pieces."""
    context = {"examples": [badge(each) for each in STATUSES], "amount": Money(12_990_000, "INR")}
    return page.render(ask, "components/gallery.html", context)


ROUTES: Routes = (Read("/components", show),)
